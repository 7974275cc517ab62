//! What of a text is not shown where a problem is shown with its line: the values of headers, and URLs that hold a
//! password.

use super::diagnostics::Place;
use super::node::{Node, Value};

/// Returns the text with an asterisk for every character of its secrets, so that places stay where they are.
pub(super) fn concealed(text: &str, documents: &[Node]) -> String {
    let mut secrets = Vec::new();
    for document in documents {
        collect(document, false, &mut secrets);
    }
    if secrets.is_empty() {
        return text.to_owned();
    }
    let mut lines: Vec<Vec<char>> = text.split('\n').map(|line| line.chars().collect()).collect();
    for Place { line, column, width } in secrets {
        let chars = lines.get_mut(line.wrapping_sub(1)).into_iter().flatten();
        chars.skip(column.saturating_sub(1)).take(width).for_each(|c| *c = '*');
    }
    lines.iter().map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
}

/// Adds the places of all secrets below a node.
fn collect(node: &Node, is_header: bool, secrets: &mut Vec<Place>) {
    match &node.value {
        Value::Text(text) if is_header || is_url_with_user(text) => {
            // Of a text of several lines, only the first has a place.
            let width = if node.place.width == 1 && text.chars().count() > 1 { usize::MAX } else { node.place.width };
            secrets.push(Place { width, ..node.place });
        }
        Value::Text(_) | Value::Null(_) => {}
        Value::List(items) => items.iter().for_each(|item| collect(item, is_header, secrets)),
        Value::Map(entries) => {
            for (key, value) in entries {
                collect(value, is_header || key.text() == Some("headers"), secrets);
            }
        }
    }
}

fn is_url_with_user(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(_, rest)| rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')))
}
