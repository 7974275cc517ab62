//! Where the events of gates go while a run lasts.

use std::time::Duration;

use super::run_report::Run;
use crate::cluster::api::Target;
use crate::gate::result::GateEvent;
use crate::gate::spec::Plan;

/// Where the events of gates go while a run lasts.
pub trait Sink {
    /// The run begins.
    fn begin(&mut self, target: &Target, plans: &[Plan]);
    /// Something changed in the gate at this place of the manifest.
    fn event(&mut self, gate: usize, at: Duration, event: &GateEvent);
    /// Time passed and nothing changed; `at` is the time since the run began.
    fn idle(&mut self, at: Duration);
    /// The run is over.
    fn end(&mut self, run: &Run);
}
