//! The query of a LIST or WATCH.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::Query;
use http::Uri;
use serde_json::Value;

use super::collection::Object;
use super::fields::FieldSelector;
use super::status::Refusal;
use crate::gate::model::Selector;

/// Which objects of a collection are asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Of this namespace only.
    pub namespace: Option<String>,
    /// With these labels only.
    pub labels: Option<Selector>,
    /// With these fields only.
    pub fields: FieldSelector,
}

impl Filter {
    /// True where the object is asked for.
    pub fn takes(&self, object: &Object) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| namespace == object.namespace)
            && self.fields.matches(&object.value)
            && self.labels.as_ref().is_none_or(|selector| selector.matches(&labels(&object.value)))
    }

    /// True where labels or fields are asked for.
    pub fn selects(&self) -> bool {
        self.labels.is_some() || !self.fields.is_empty()
    }
}

fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    labels.into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The parameters of a request, by name. Of a repeated one the first counts, as with the API server.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the query.
    pub fn of(uri: &Uri) -> Result<Self, Refusal> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Refusal::bad_request(format!("the query cannot be read: {error}")))?;
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            parameters.entry(name).or_insert(value);
        }
        Ok(Self(parameters))
    }

    /// The value, where there is one that is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// True where the parameter stands there and does not say no.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// The flag where it is given.
    pub fn optional_flag(&self, name: &str) -> Option<bool> {
        self.0.contains_key(name).then(|| self.flag(name))
    }

    /// A whole number that is not negative.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let parse = |value: &str| {
            value
                .parse()
                .map_err(|_| Refusal::bad_request(format!("{name}: `{value}` is not a whole number of 0 or more")))
        };
        self.text(name).map(parse).transpose()
    }

    /// Seconds.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>, Refusal> {
        Ok(self.number(name)?.map(Duration::from_secs))
    }

    /// The selectors, with the namespace of the path.
    pub fn filter(&self, namespace: Option<&str>) -> Result<Filter, Refusal> {
        let labels = self.text("labelSelector").filter(|text| !text.trim().is_empty()).map(|text| {
            text.parse::<Selector>()
                .map_err(|error| Refusal::bad_request(format!("unable to parse labelSelector: {error}")))
        });
        Ok(Filter {
            namespace: namespace.map(str::to_owned),
            labels: labels.transpose()?,
            fields: FieldSelector::parse(self.text("fieldSelector").unwrap_or_default())?,
        })
    }
}
