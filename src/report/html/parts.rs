//! Parts of the page that its cards share: headings, and text with code in it.

use maud::{Markup, html};

use crate::text::SafeText;

/// A heading of this level.
pub(super) fn heading(level: u8, class: &'static str, text: &SafeText) -> Markup {
    match level {
        1 => html! { h1 class=(class) { (text) } },
        2 => html! { h2 class=(class) { (text) } },
        3 => html! { h3 class=(class) { (text) } },
        _ => html! { h4 class=(class) { (text) } },
    }
}

/// The text with what stands in backticks as code. A command that ends it is told apart, for it is there to be copied.
pub(super) fn rich(text: &SafeText) -> Markup {
    let parts = text.split_at_each('`');
    let last = parts.len().saturating_sub(1);
    html! {
        @for (index, part) in parts.iter().enumerate() {
            @if index % 2 == 0 {
                (part)
            } @else if index == last {
                "`" (part)
            } @else {
                @let ends_it = index + 1 == last && matches!(parts[last].trim(), "" | ".");
                @let class = (ends_it && part.contains(' ')).then_some("command");
                code class=[class] { (words_of(part)) }
            }
        }
    }
}

/// Code whose words stay whole where lines are broken: a name or a flag that is torn at its hyphen is misread.
fn words_of(code: &SafeText) -> Markup {
    let words = code.split_at_each(' ');
    html! {
        @if let [word] = words.as_slice() {
            (word)
        } @else {
            @for (index, word) in words.iter().enumerate() {
                @if index > 0 { " " }
                span { (word) }
            }
        }
    }
}
