//! Reading a quota's refusal: its name and its arithmetic.

/// A quota's refusal taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRefusal<'a> {
    /// The name of the `ResourceQuota`.
    pub name: &'a str,
    /// What one pod asks for: `pods=1`.
    pub requested: &'a str,
    /// What is used already.
    pub used: &'a str,
    /// What the quota allows.
    pub limited: &'a str,
}

/// Takes `exceeded quota: NAME, requested: …, used: …, limited: …` apart.
#[must_use]
pub fn refusal(message: &str) -> Option<QuotaRefusal<'_>> {
    let (_, rest) = message.split_once("exceeded quota: ")?;
    let (name, rest) = rest.split_once(", requested: ")?;
    let (requested, rest) = rest.split_once(", used: ")?;
    let (used, limited) = rest.split_once(", limited: ")?;
    Some(QuotaRefusal { name, requested, used, limited })
}

/// Takes `failed quota: NAME: must specify limits.cpu for: app` apart: the name, and what the pod must say.
#[must_use]
pub fn unspecified(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("failed quota: ")?;
    rest.split_once(": must specify ")
}

impl QuotaRefusal<'_> {
    /// The sums, a resource each: `pods: 3 allowed, 3 used, 1 asked`.
    #[must_use]
    pub fn arithmetic(&self) -> String {
        let amount = |list: &str, resource: &str| {
            let of = list.split(',').find_map(|entry| entry.trim().strip_prefix(resource)?.strip_prefix('='));
            of.unwrap_or("?").to_owned()
        };
        let sums: Vec<String> = self
            .resources()
            .map(|(resource, asked)| {
                let (allowed, used) = (amount(self.limited, resource), amount(self.used, resource));
                format!("{resource}: {allowed} allowed, {used} used, {asked} asked")
            })
            .collect();
        sums.join("; ")
    }

    /// The first resource that is short: the field `spec.hard` has it.
    #[must_use]
    pub fn first_resource(&self) -> Option<&str> {
        self.resources().next().map(|(resource, _)| resource)
    }

    fn resources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.requested.split(',').filter_map(|entry| entry.trim().split_once('='))
    }
}

#[cfg(test)]
mod tests {
    use super::{refusal, unspecified};

    #[test]
    fn a_quotas_arithmetic_is_read() {
        let message = "pods \"cart-5d-8f5sk\" is forbidden: exceeded quota: team-quota, requested: pods=1,requests.cpu=2, used: pods=3,requests.cpu=6, limited: pods=3,requests.cpu=6";
        let refusal = refusal(message).map(|quota| (quota.name.to_owned(), quota.arithmetic()));
        let sums = "pods: 3 allowed, 3 used, 1 asked; requests.cpu: 6 allowed, 6 used, 2 asked";
        assert_eq!(refusal, Some(("team-quota".to_owned(), sums.to_owned())));
        assert_eq!(super::refusal("exceeded quota: q"), None);
        let cpu = super::refusal(
            "exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=6, limited: requests.cpu=6",
        );
        assert_eq!(cpu.and_then(|quota| quota.first_resource().map(str::to_owned)).as_deref(), Some("requests.cpu"));
    }

    #[test]
    fn a_quota_can_ask_for_limits() {
        let message =
            "pods \"x\" is forbidden: failed quota: q: must specify limits.cpu for: app; limits.memory for: app";
        assert_eq!(unspecified(message), Some(("q", "limits.cpu for: app; limits.memory for: app")));
    }
}
