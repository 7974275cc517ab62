//! `crashgate validate`.

use crate::gate::result::Verdict;
use crate::manifest::{Manifests, Summary};
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, Untrusted};

use super::complain::complain;
use super::left_out;
use super::plan_flags::PlanFlags;

mod online;

/// Check gate manifests without contacting the cluster
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanFlags,
    /// Also ask the metrics' sources: what each check finds, and how long a proof would take
    #[arg(long)]
    online: bool,
    /// Also name the objects of a manifest that have no pods, or whose pods belong to another object
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    match args.plan.load() {
        Ok(Manifests { gates, left_out }) => {
            left_out::tell(&left_out, args.verbose, printer);
            for gate in &gates {
                printer.result(&safe!("{}\n", Untrusted::name(&Summary(&gate.plan).to_string()).one_line()));
            }
            if args.online {
                let plans: Vec<_> = gates.into_iter().map(|gate| gate.plan).collect();
                return online::run(&plans, printer);
            }
            Verdict::Healthy.exit_code()
        }
        Err(problems) => {
            complain(printer, Redaction::On, &problems.to_string());
            Verdict::Usage.exit_code()
        }
    }
}
