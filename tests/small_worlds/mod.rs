//! Every interleaving of a small alphabet of facts, held against the simple oracle of a cluster that is known whole.
//!
//! Random stories find what is likely; this finds what is possible, as far as it goes: one Deployment, two pods, readiness
//! that comes and goes, a crash, a source that is lost and listed again, a rollout of another version, a deletion, answers
//! of the confirming read that come late or from the past, and time. States are told apart by a hash of the gate and of
//! the cluster, so that no state is looked at twice.
//!
//! `CRASHGATE_SMALL_WORLDS=6 cargo test --release small_worlds` combines as many facts, which takes ten minutes on two
//! cores; without it the search stops after fewer.

mod oracle;
mod world;

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::world::{Action, World};

/// How many facts are combined where nothing else is said.
const FACTS: u8 = 4;
/// How many seconds pass at most between them: enough for a whole window after the last fact.
const STEPS: u8 = 4;

/// How many facts a search may combine.
#[derive(Debug, Clone, Copy)]
struct Depth {
    /// Facts and answers, beside time.
    facts: u8,
    /// Steps of one second.
    steps: u8,
}

/// What a search saw.
#[derive(Debug, Default)]
struct Seen {
    states: AtomicUsize,
    /// Ways on, most of which lead to a state that is known already.
    transitions: AtomicUsize,
    /// Ends that the gate came to, by verdict: healthy, any no, inconclusive.
    healthy: AtomicUsize,
    no: AtomicUsize,
    inconclusive: AtomicUsize,
}

/// 128 bits of a state's debug text: everything in it takes part, and two states of ten million are alike by chance once
/// in 10^24 searches.
struct Fingerprint(DefaultHasher, DefaultHasher);

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        self.1.write(text.as_bytes());
        Ok(())
    }
}

fn fingerprint(world: &World) -> u128 {
    let mut hash = Fingerprint(DefaultHasher::new(), DefaultHasher::new());
    hash.1.write_u8(1);
    write!(hash, "{world:?}").unwrap();
    u128::from(hash.0.finish()) << 64 | u128::from(hash.1.finish())
}

const SHARDS: usize = 64;

/// The states that were seen, in parts, so that threads do not wait for one another.
struct Known(Vec<Mutex<HashSet<u128>>>);

impl Known {
    fn new() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }

    /// Returns true if the state is new.
    fn add(&self, hash: u128) -> bool {
        let shard = usize::try_from(hash % SHARDS as u128).unwrap();
        self.0[shard].lock().unwrap().insert(hash)
    }
}

/// Looks at every state that can be reached from these worlds, and fails at the first one that the oracle objects to.
fn search(beginnings: Vec<World>, depth: Depth) -> Seen {
    let (seen, known) = (Seen::default(), Known::new());
    // The first steps are made before the work is shared out, so that no thread is left without.
    let mut front: Vec<(World, Vec<Action>)> = beginnings.into_iter().map(|world| (world, Vec::new())).collect();
    for _ in 0..3 {
        let all = std::mem::take(&mut front);
        for (world, path) in all {
            look(&world, &path, depth, &seen, &known, &mut |next, path| front.push((next, path)));
        }
    }
    let work = Mutex::new(front);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(first) = take(&work) {
                    let mut stack = vec![first];
                    while let Some((world, path)) = stack.pop() {
                        look(&world, &path, depth, &seen, &known, &mut |next, path| stack.push((next, path)));
                    }
                }
            });
        }
    });
    seen
}

fn take(work: &Mutex<Vec<(World, Vec<Action>)>>) -> Option<(World, Vec<Action>)> {
    work.lock().unwrap().pop()
}

/// Looks at one state, and hands on those that follow and were not seen yet.
fn look(
    world: &World,
    path: &[Action],
    depth: Depth,
    seen: &Seen,
    known: &Known,
    next: &mut dyn FnMut(World, Vec<Action>),
) {
    for action in world.actions(depth.facts, depth.steps) {
        seen.transitions.fetch_add(1, Ordering::Relaxed);
        let mut after = world.clone();
        let before = world.truth();
        after.go(action);
        let told = || {
            let mut all = path.to_vec();
            all.push(action);
            format!("{all:?}")
        };
        if let Err(why) = oracle::after(&before, action, &after) {
            panic!("{why}\nafter {}\n{:#?}", told(), after.gate.outcome());
        }
        if let Some(outcome) = after.gate.outcome() {
            seen.count(outcome.verdict);
            continue;
        }
        if known.add(fingerprint(&after)) {
            seen.states.fetch_add(1, Ordering::Relaxed);
            // What becomes of it where nothing more happens: every state has an end, and the right one.
            let mut rest = after.clone();
            rest.run_out();
            if let Err(why) = oracle::at_the_end(&after.truth(), &rest) {
                panic!("{why}\nafter {} and nothing more\n{:#?}", told(), rest.gate.outcome());
            }
            seen.count(rest.gate.outcome().unwrap().verdict);
            // And where the API server never answers again.
            let mut dark = after.clone();
            dark.run_out_in_the_dark();
            if let Err(why) = oracle::in_the_dark(&after.truth(), &dark) {
                panic!("{why}\nafter {} and no answer any more\n{:#?}", told(), dark.gate.outcome());
            }
            seen.count(dark.gate.outcome().unwrap().verdict);
            let mut longer = path.to_vec();
            longer.push(action);
            next(after, longer);
        }
    }
}

impl Seen {
    fn count(&self, verdict: crashgate::gate::result::Verdict) {
        use crashgate::gate::result::Verdict::{Healthy, Inconclusive};
        let counter = match verdict {
            Healthy => &self.healthy,
            Inconclusive => &self.inconclusive,
            _ => &self.no,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn no_small_world_deceives_the_gate() {
    let facts = std::env::var("CRASHGATE_SMALL_WORLDS").map_or(FACTS, |text| text.parse().unwrap());
    let depth = Depth { facts, steps: STEPS };
    let seen = search(vec![World::empty(), World::ready()], depth);
    let states = seen.states.load(Ordering::Relaxed);
    println!("{depth:?}: {states} states, {seen:?}");
    let ends = [&seen.healthy, &seen.no, &seen.inconclusive].map(|count| count.load(Ordering::Relaxed));
    assert!(
        states > 10_000 && ends.iter().all(|count| *count > 100),
        "a search that sees little proves little: {seen:?}"
    );
}
