//! When results are coloured.

/// When results are coloured, as `--color` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// As the environment says, and where it says nothing, on terminals.
    #[default]
    Auto,
    /// Wherever they go, for logs of CI systems that show colours.
    Always,
    /// Nowhere.
    Never,
}

impl Colour {
    /// True where a stream gets colours. A flag beats the environment, in which `NO_COLOR` (<https://no-color.org>) beats
    /// `CLICOLOR_FORCE`, and that beats `CLICOLOR` (<https://bixense.com/clicolors>); `TERM=dumb` is a terminal without
    /// colours. `env` returns the value of a variable.
    #[must_use]
    pub fn is_shown(self, is_terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> bool {
        let is_set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        let is_zero = |name: &str| env(name).is_some_and(|value| value == "0");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if is_set("NO_COLOR") => false,
            Self::Auto if is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE") => true,
            Self::Auto => is_terminal && !is_zero("CLICOLOR") && env("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Colour;

    fn shown(colour: Colour, is_terminal: bool, set: &[(&str, &str)]) -> bool {
        let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        colour.is_shown(is_terminal, &value)
    }

    #[test]
    fn terminals_have_colours_and_nothing_else_unless_somebody_says_so() {
        assert!(shown(Colour::Auto, true, &[]));
        assert!(shown(Colour::Auto, true, &[("TERM", "xterm"), ("CLICOLOR", "1")]));
        assert!(!shown(Colour::Auto, false, &[("TERM", "xterm"), ("CLICOLOR", "1")]));
        assert!(!shown(Colour::Auto, true, &[("TERM", "dumb")]));
        assert!(!shown(Colour::Auto, true, &[("CLICOLOR", "0")]));
    }

    #[test]
    fn no_color_beats_the_variable_that_forces_it_and_empty_values_say_nothing() {
        assert!(!shown(Colour::Auto, true, &[("NO_COLOR", "1")]));
        assert!(shown(Colour::Auto, true, &[("NO_COLOR", "")]));
        assert!(shown(Colour::Auto, false, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")]));
        assert!(!shown(Colour::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!shown(Colour::Auto, false, &[("CLICOLOR_FORCE", "")]));
        assert!(!shown(Colour::Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    }

    #[test]
    fn the_flag_beats_the_environment() {
        assert!(shown(Colour::Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")]));
        assert!(!shown(Colour::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }
}
