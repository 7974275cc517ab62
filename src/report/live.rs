//! The live view: what a person who waits sees on a terminal, drawn anew over itself until the verdict is there.
//!
//! What is drawn is a pure function of a [`LiveState`] and a [`Screen`]; here are only the clock and the terminal. The
//! cursor is never hidden and no mode of the terminal is changed, so that nothing has to be restored however the process
//! ends. The last frame is erased before the verdict.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::layout;
use super::model::{Event, Plan, Run, Target, View};
use super::printer::{Look, Printer};
use super::progress;
use crate::safe;
use crate::text::SafeText;

mod bar;
mod frame;
mod live_state;
mod row;

pub use frame::{Drawn, Screen, frame};
pub use live_state::LiveState;

/// The time between two frames: 8 a second look alive, and more would only cost.
const BETWEEN_FRAMES: Duration = Duration::from_millis(125);
/// Where a terminal does not say how many rows it has.
const ROWS: usize = 24;

/// Draws the live view on stderr.
pub struct Live {
    shared: Arc<SharedRenderer>,
    drawing: Option<JoinHandle<()>>,
}

/// What the sink and the thread that draws share.
struct SharedRenderer {
    renderer: Mutex<Renderer>,
    /// Rung when the view is over.
    over: Condvar,
}

struct Renderer {
    printer: Printer,
    picture: LiveState,
    began: Instant,
    /// The frame on the screen, and the screen that it was made for.
    last: (Vec<Drawn>, Screen),
    over: bool,
}

impl Live {
    /// A view on the printer's stderr.
    #[must_use]
    pub fn new(printer: Printer) -> Self {
        let screen = Screen { columns: 0, rows: 0, colour: false };
        let renderer = Renderer {
            printer,
            picture: LiveState::new(jiff::Timestamp::now(), &[]),
            began: Instant::now(),
            last: (Vec::new(), screen),
            over: false,
        };
        Self {
            shared: Arc::new(SharedRenderer { renderer: Mutex::new(renderer), over: Condvar::new() }),
            drawing: None,
        }
    }

    fn finish(&mut self) {
        self.shared.lock().over = true;
        self.shared.over.notify_all();
        if let Some(drawing) = self.drawing.take() {
            // It only draws: where it failed there is nothing to be told.
            let _ = drawing.join();
        }
        self.shared.lock().erase();
    }
}

impl SharedRenderer {
    fn lock(&self) -> MutexGuard<'_, Renderer> {
        self.renderer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws frames until the view is over.
    fn draw(&self) {
        let mut renderer = self.lock();
        while !renderer.over {
            renderer.draw();
            renderer = self.over.wait_timeout(renderer, BETWEEN_FRAMES).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Renderer {
    fn screen(&self) -> Screen {
        let look = self.printer.stderr();
        let (columns, rows) = self.printer.stderr_size().unwrap_or((look.columns, ROWS));
        Screen { columns, rows, colour: look.colour }
    }

    fn draw(&mut self) {
        let screen = self.screen();
        let lines = frame(&self.picture, screen, self.began.elapsed());
        if self.last.1 == screen && self.last.0 == lines {
            return;
        }
        // Line over line: what stays the same does not flicker.
        let mut text = if screen == self.last.1 {
            up(self.last.0.len())
        } else {
            safe!("{}{}", up(rows_taken(&self.last.0, screen.columns)), ERASE_BELOW)
        };
        for line in &lines {
            text.push(&safe!("{}{}\n", line.text, ERASE_REST_OF_LINE));
        }
        text.push(&ERASE_BELOW.into());
        self.printer.draw(&text);
        self.last = (lines, screen);
    }

    fn erase(&mut self) {
        let drawn = std::mem::take(&mut self.last.0);
        if !drawn.is_empty() {
            let rows = rows_taken(&drawn, self.screen().columns);
            self.printer.draw(&safe!("{}{}", up(rows), ERASE_BELOW));
        }
    }
}

const ERASE_BELOW: &str = "\x1b[J";
const ERASE_REST_OF_LINE: &str = "\x1b[K";

/// To the first column, so many rows up.
fn up(rows: usize) -> SafeText {
    if rows > 0 { safe!("\r\x1b[{}A", rows) } else { "\r".into() }
}

/// The rows that these lines take: a terminal that became narrower has wrapped them.
fn rows_taken(lines: &[Drawn], columns: usize) -> usize {
    lines.iter().map(|line| line.columns.div_ceil(columns.max(1)).max(1)).sum()
}

impl View for Live {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        let mut renderer = self.shared.lock();
        let columns = layout::columns(Look { columns: renderer.screen().columns, ..renderer.printer.stderr() });
        let heading = std::iter::once(progress::target_line(target)).chain(plans.iter().map(progress::plan_line));
        for line in heading.flat_map(|line| layout::wrap(&line, "", "  ", columns)) {
            renderer.printer.say(&line);
        }
        renderer.picture = LiveState::new(jiff::Timestamp::now(), plans);
        renderer.began = Instant::now();
        drop(renderer);
        let shared = Arc::clone(&self.shared);
        self.drawing = thread::Builder::new().name("live view".to_owned()).spawn(move || shared.draw()).ok();
    }

    fn event(&mut self, gate: usize, at: Duration, event: &Event) {
        self.shared.lock().picture.learn(gate, at, event);
    }

    fn idle(&mut self, _: Duration) {}

    fn end(&mut self, _: &Run) {
        self.finish();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::{Drawn, SafeText, rows_taken, up};

    #[test]
    fn a_narrower_terminal_has_wrapped_the_lines() {
        let lines = [79, 10, 0].map(|columns| Drawn { text: SafeText::EMPTY, columns });
        assert_eq!(rows_taken(&lines, 80), 3);
        assert_eq!(rows_taken(&lines, 40), 4);
        assert_eq!(rows_taken(&lines[..1], 0), 79, "a terminal of no width is no reason to panic");
        assert_eq!((&*up(0), &*up(3)), ("\r", "\r\x1b[3A"));
    }
}
