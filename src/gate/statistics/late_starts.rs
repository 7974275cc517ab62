//! What turns bad late.

use super::alternatives::ALTERNATIVES;
use super::test::Test;
use super::wealth::Wealth;

/// A test that is also begun anew as time goes by.
///
/// Ten good minutes weigh against what is proven in the eleventh: a test of the whole window finds a late regression late.
/// So the same test is begun at later moments too, each with its own portion of the wealth, 6/(π²k²) for the kth begin (the
/// first is the whole window). `E = Σ 6/(π²k²) E_k`, where `E_k` stays 1 until it begins.
///
/// Why Ville's inequality still holds for the whole: each `E_k` is 1 until a moment that is fixed without regard to what comes
/// after it, and a supermartingale from then on; so is their mixture, whose weights add up to 1, and it begins at 1. α is
/// not to be divided any further. The price is ln(π²k²/6) in ln E: 0.5 for the whole window, 5.1 for the tenth begin.
///
/// All begins bet on the same alternatives, so that their stakes on one alternative grow by the same factor from then on,
/// and are kept as one sum: any number of begins costs the memory and the time of one.
#[derive(Debug, Clone, PartialEq)]
pub struct WithLateStarts<T> {
    test: T,
}

impl<T: Test> WithLateStarts<T> {
    /// Returns this test, which must be a fresh one: what it has taken is forgotten.
    #[must_use]
    pub fn new(mut test: T) -> Self {
        *test.wealth_mut() = Wealth::in_portions();
        Self { test }
    }

    /// Begins the test anew, from the next interval on: to be called once a minute of data. The moment may depend on what
    /// was taken before, never on what comes next.
    pub fn begin_another(&mut self) {
        self.test.wealth_mut().begin_another();
    }
}

impl<T: Test> Test for WithLateStarts<T> {
    type Seen = T::Seen;

    fn ln_ratios(&self, seen: &T::Seen) -> [f64; ALTERNATIVES] {
        self.test.ln_ratios(seen)
    }

    fn requests(seen: &T::Seen) -> u64 {
        T::requests(seen)
    }

    fn wealth(&self) -> &Wealth {
        self.test.wealth()
    }

    fn wealth_mut(&mut self) -> &mut Wealth {
        self.test.wealth_mut()
    }
}
