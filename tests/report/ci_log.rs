//! What CI systems read out of a job's log, as they read it: each line of it, for commands, folds and notes.

/// A command that GitHub's runner would obey.
#[derive(Debug, PartialEq, Eq)]
pub struct Command<'a> {
    pub name: &'a str,
    pub properties: &'a str,
    pub data: &'a str,
}

impl<'a> Command<'a> {
    fn new(head: &'a str, data: &'a str) -> Self {
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        Self { name, properties, data }
    }
}

/// The runner knows its commands by name and passes over others; here every name is one, so that no new one is missed.
pub fn commands(log: &str) -> Vec<Command<'_>> {
    let lines = log.split(['\n', '\r']);
    lines.filter_map(|line| new_style(line).or_else(|| old_style(line)).filter(|found| is_name(found.name))).collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// `::name properties::data`, at the beginning of a line but for white space.
fn new_style(line: &str) -> Option<Command<'_>> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    Some(Command::new(head, data))
}

/// `##[name properties]data`, anywhere in a line.
fn old_style(line: &str) -> Option<Command<'_>> {
    let (head, data) = line.split_once("##[")?.1.split_once(']')?;
    Some(Command::new(head, data))
}

/// What other systems would take for theirs: Azure, `TeamCity`, GitLab, Buildkite and Jenkins.
pub fn foreign(log: &str) -> Vec<&str> {
    let anywhere = [
        "##vso[",
        "##teamcity[",
        "section_start:",
        "section_end:",
        // What Buildkite and Jenkins read begins with an escape.
        "\x1b_bk",
        "\x1b]1338;",
        "\x1b]1339;",
        "\x1b[8mha:",
        // A link that shows one address and leads to another, and the clipboard.
        "\x1b]8;",
        "\x1b]52;",
    ];
    log.split(['\n', '\r']).filter(|line| anywhere.iter().any(|mark| line.contains(mark))).collect()
}

/// The lines that Buildkite would begin a group of the log with. In a file they are honest text, such as a diff's.
pub fn folds(log: &str) -> Vec<&str> {
    let marks = ["--- ", "+++ ", "~~~ ", "^^^ "];
    log.split(['\n', '\r']).filter(|line| marks.iter().any(|mark| line.starts_with(mark))).collect()
}

#[test]
fn commands_are_read_as_the_runner_reads_them() {
    let one = |line| match commands(line)[..] {
        [Command { name, properties, data }] => Some((name, properties, data)),
        _ => None,
    };
    assert_eq!(one("::error file=a,line=1::words::more"), Some(("error", "file=a,line=1", "words::more")));
    assert_eq!(one("x\n \t\u{a0}::group::y"), Some(("group", "", "y")));
    assert_eq!(one("x\r::debug::"), Some(("debug", "", "")));
    assert_eq!(one("words ##[error]y"), Some(("error", "", "y")));
    assert_eq!(one("words ::error::y"), None, "not at the beginning");
    for text in ["::1 is up", "std::io::Error", "## [x]", "##[no end", ":: a::b"] {
        assert_eq!(one(text), None, "{text}");
    }
    for text in ["a ##vso[x]", "section_end:1:a", "\x1b]8;;u\x1b\\"] {
        assert!(!foreign(text).is_empty(), "{text}");
    }
    assert_eq!(folds("+++ open\na\r--- b\na --- b\n----"), ["+++ open", "--- b"]);
}
