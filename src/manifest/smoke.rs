//! `smoke:`: the pod that must end well before the gate passes.

use std::time::Duration;

use crate::gate::spec::{Grace, PodOrder, Security};

use super::diagnostics::{Fault, quoted};
use super::duration::{self, Zero};
use super::keys::nearest;
use super::values;

/// How long a smoke run may take where nothing is said.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// A key of `smoke`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SmokeKey {
    Image,
    Command,
    Args,
    Timeout,
    ServiceAccount,
    Security,
}

impl SmokeKey {
    /// Every key, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Image, Self::Command, Self::Args, Self::Timeout, Self::ServiceAccount, Self::Security];

    /// The spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Command => "command",
            Self::Args => "args",
            Self::Timeout => "timeout",
            Self::ServiceAccount => "serviceAccount",
            Self::Security => "security",
        }
    }

    /// True for keys that hold a list of words.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::Command | Self::Args)
    }

    /// The key of that name. `name` is what to call `smoke`.
    pub fn from_name(name: &str, text: &str) -> Result<Self, Fault> {
        let names = Self::ALL.map(Self::name);
        Self::ALL.into_iter().find(|key| key.name() == text).ok_or_else(|| {
            Fault::new(
                format!("{} is not a key of `{name}`", quoted(text)),
                match nearest(text, names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its keys are {}", names.join(", ")),
                },
            )
        })
    }
}

/// What was said of the smoke run.
#[derive(Debug, Clone, Default)]
pub(super) struct SmokeDraft {
    /// There is to be none, whatever else is said.
    pub none: bool,
    /// Its image was said, well or badly.
    pub has_image: bool,
    image: Option<String>,
    command: Vec<String>,
    args: Vec<String>,
    timeout: Option<Duration>,
    service_account: Option<String>,
    security: Option<Security>,
}

impl SmokeDraft {
    /// Takes the value of a key; of a list one word. `name` is what to call the key.
    pub fn set(&mut self, key: SmokeKey, name: &str, text: &str) -> Result<(), Fault> {
        self.has_image |= key == SmokeKey::Image;
        match key {
            SmokeKey::Image => self.image = Some(values::line(name, text)?),
            SmokeKey::Command => self.command.push(text.to_owned()),
            SmokeKey::Args => self.args.push(text.to_owned()),
            SmokeKey::Timeout => self.timeout = Some(duration::parse(name, text, Zero::Refused)?),
            SmokeKey::ServiceAccount => self.service_account = Some(values::line(name, text)?),
            SmokeKey::Security => {
                let known = Security::ALL.into_iter().find(|security| security.name() == text.trim());
                self.security = Some(known.ok_or_else(|| {
                    let names = Security::ALL.map(Security::name).join(", ");
                    Fault::new(format!("`{name}` is {}", quoted(text)), format!("write one of {names}"))
                })?);
            }
        }
        Ok(())
    }

    /// This draft with the flags laid over it, entry by entry.
    pub fn under(self, flags: Self) -> Self {
        let list = |flags: Vec<String>, own| if flags.is_empty() { own } else { flags };
        Self {
            none: flags.none || self.none,
            has_image: flags.has_image || self.has_image,
            image: flags.image.or(self.image),
            command: list(flags.command, self.command),
            args: list(flags.args, self.args),
            timeout: flags.timeout.or(self.timeout),
            service_account: flags.service_account.or(self.service_account),
            security: flags.security.or(self.security),
        }
    }

    /// The order that it makes; `None` where there is no image.
    pub fn order(self, grace: impl IntoIterator<Item = (Grace, Duration)>) -> Option<PodOrder> {
        let mut order = PodOrder {
            command: self.command,
            args: self.args,
            timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
            service_account: self.service_account,
            security: self.security.unwrap_or_default(),
            ..PodOrder::new(&self.image?)
        };
        order.grace.extend(grace);
        Some(order)
    }
}
