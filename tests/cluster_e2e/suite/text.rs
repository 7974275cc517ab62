//! Text that others wrote, made fit to be printed: on a terminal and in the log of a CI job.

use std::fmt::Write as _;

/// The text with every `{name}` replaced by its value.
pub fn filled(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// Each line behind a bar, so that none begins with a workflow command, without control characters, and cut where a block or
/// a line grows too long. `file` has all of it.
pub fn block(text: &str, file: &str) -> String {
    const LINES: usize = 160;
    const WIDTH: usize = 2000;
    let mut shown = String::new();
    let count = text.lines().count();
    for line in text.lines().take(LINES) {
        let inert: String = line.chars().take(WIDTH).flat_map(visible).collect();
        let cut = if line.chars().count() > WIDTH { " …" } else { "" };
        let _ = writeln!(shown, "    | {inert}{cut}");
    }
    if count > LINES {
        let _ = writeln!(shown, "    … {} more lines in {file}", count - LINES);
    }
    if count == 0 {
        shown.push_str("    | (nothing)\n");
    }
    shown
}

/// A character, or its escape where it could command a terminal.
fn visible(character: char) -> Vec<char> {
    if character.is_control() && character != '\t' { character.escape_default().collect() } else { vec![character] }
}

/// One line, without control characters.
pub fn line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" / ").chars().flat_map(visible).collect()
}
