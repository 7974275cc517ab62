//! Made-up traffic, the same at every run of a test.

use crashgate::gate::statistics::{Counts, Interval, Test, WithLateStarts};

use super::counts;

/// Random numbers that are the same wherever the test runs: splitmix64.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, neither of them itself.
    pub fn unit(&mut self) -> f64 {
        let bits = u32::try_from(self.bits() >> 32).unwrap();
        (f64::from(bits) + 0.5) / 4_294_967_296.0
    }

    /// How many of `total` requests are bad, each with probability `p`: the good ones between two bad ones are geometric.
    pub fn requests(&mut self, total: u32, p: f64) -> Counts {
        let (mut at, mut bad) = (0.0, 0);
        let ln_good = (-p).ln_1p();
        loop {
            at += (self.unit().ln() / ln_good).floor() + 1.0;
            if at > f64::from(total) {
                return counts(u64::from(total), bad);
            }
            bad += 1;
        }
    }

    /// A share that is `mean` on average, with the variance φ·mean·(1−mean): a beta variable, made of
    /// two gamma variables.
    pub fn share(&mut self, mean: f64, phi: f64) -> f64 {
        let size = 1.0 / phi - 1.0;
        let (bad, good) = (self.gamma(mean * size), self.gamma((1.0 - mean) * size));
        bad / (bad + good)
    }

    /// A gamma variable of this shape (Marsaglia and Tsang, 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.unit().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// One scrape interval: so many requests of each arm, bad with these probabilities.
    pub fn interval(&mut self, (canary, p_canary): (u32, f64), (stable, p_stable): (u32, f64)) -> Interval {
        Interval { canary: self.requests(canary, p_canary), stable: self.requests(stable, p_stable) }
    }
}

/// What became of many runs of one story.
pub struct Runs {
    /// The look, from 1, at which each run proved its point.
    proven_at: Vec<u32>,
    runs: u32,
}

impl Runs {
    /// Runs a story so often, each time until it proves its point or ends. `begin` sets a run up; what it returns is asked at
    /// each look, from 1, whether the point is proven.
    pub fn of<Look: FnMut(&mut Random, u32) -> bool>(
        runs: u32,
        looks: u32,
        mut begin: impl FnMut(&mut Random) -> Look,
    ) -> Self {
        let mut proven_at = Vec::new();
        for run in 0..runs {
            let mut random = Random::new(u64::from(run) * 7919 + 17);
            let mut is_proven = begin(&mut random);
            proven_at.extend((1..=looks).find(|look| is_proven(&mut random, *look)));
        }
        proven_at.sort_unstable();
        Self { proven_at, runs }
    }

    /// The share of the runs that proved their point.
    pub fn share(&self) -> f64 {
        f64::from(u32::try_from(self.proven_at.len()).unwrap()) / f64::from(self.runs)
    }

    /// The look by which half of all runs had proven their point.
    pub fn median(&self) -> Option<u32> {
        self.proven_at.get(usize::try_from(self.runs).unwrap() / 2).copied()
    }

    /// At most 5 % of the runs, and three standard deviations of chance, proved their point.
    #[track_caller]
    pub fn are_rarely_proven(&self, what: &str) {
        let bound = 0.05 + 3.0 * (0.05 * 0.95 / f64::from(self.runs)).sqrt();
        println!("{what}: {} of {} runs", self.proven_at.len(), self.runs);
        assert!(self.share() <= bound, "{what}: {} is more than {bound}", self.share());
    }
}

/// A run that proves its point once E of `test` reaches 20.
pub fn until_proven<T: Test>(
    mut test: T,
    mut traffic: impl FnMut(&mut Random, u32) -> T::Seen,
) -> impl FnMut(&mut Random, u32) -> bool {
    move |random, look| {
        test.take(&traffic(random, look));
        test.max_ln_e() >= 20_f64.ln()
    }
}

/// The same with the test begun anew at every fourth look: once a minute where each is 15 s.
pub fn until_proven_late<T: Test>(
    test: T,
    mut traffic: impl FnMut(&mut Random, u32) -> T::Seen,
) -> impl FnMut(&mut Random, u32) -> bool {
    let mut test = WithLateStarts::new(test);
    move |random, look| {
        test.take(&traffic(random, look));
        if look % 4 == 0 {
            test.begin_another();
        }
        test.max_ln_e() >= 20_f64.ln()
    }
}
