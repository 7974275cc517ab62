//! The flags that say which pods are looked at, shared by the commands that are about no gate.

use crate::cluster::api::Collection;
use crate::gate::model::{Selector, Source, is_dns_name};

/// Which pods to look at.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pods")]
pub(super) struct SelectionFlags {
    /// The namespace [default: that of the context or of the recording]
    #[arg(short, long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,
    /// All namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// Only pods with these labels, as `app=web,tier!=cache`
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<Selector>,
}

/// Reads the name of a namespace.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    if is_dns_name(text) { Ok(text.to_owned()) } else { Err("not a valid name for a namespace".to_owned()) }
}

impl SelectionFlags {
    /// The namespace, empty for all of them. `default` is used where no flag names one.
    pub(super) fn namespace(&self, default: &str) -> String {
        if self.all_namespaces { String::new() } else { self.namespace.clone().unwrap_or_else(|| default.to_owned()) }
    }

    /// The selector, where there is one.
    pub(super) const fn selector(&self) -> Option<&Selector> {
        self.selector.as_ref()
    }

    /// The pods as the API knows them.
    pub(super) fn pods(&self, default: &str) -> Collection {
        Collection {
            source: Source::Pods,
            namespace: self.namespace(default),
            selector: self.selector.as_ref().map(ToString::to_string),
        }
    }

    /// Where is looked, in words: `namespace shop, pods with app=web`.
    pub(super) fn words(&self, default: &str) -> String {
        let namespace = self.namespace(default);
        let place = if namespace.is_empty() { "all namespaces".to_owned() } else { format!("namespace {namespace}") };
        match &self.selector {
            Some(selector) => format!("{place} with {selector}"),
            None => place,
        }
    }
}
