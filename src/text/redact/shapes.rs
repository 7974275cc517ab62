//! Secrets that are known by their own shape, whatever stands around them.

use std::ops::Range;
use std::sync::LazyLock;

/// One shape: a prefix and what follows it.
struct Shape {
    prefix: &'static str,
    /// So many characters must follow at least: fewer are prose about the token.
    least: usize,
    letters: Letters,
    /// True where the prefix is so short that it must stand at the beginning of a word.
    at_word_start: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    /// Letters and digits.
    Plain,
    /// Letters, digits, `_` and `-`.
    Url,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    /// Letters, digits, `_`, `-`, `.`, and what base64 has beside them.
    Padded,
    /// Exactly `least` capital letters and digits.
    Capitals,
}

const fn shape(prefix: &'static str, least: usize, letters: Letters) -> Shape {
    Shape { prefix, least, letters, at_word_start: false }
}

const fn word(prefix: &'static str, least: usize, letters: Letters) -> Shape {
    Shape { prefix, least, letters, at_word_start: true }
}

static SHAPES: &[Shape] = &[
    // GitHub
    shape("ghp_", 20, Letters::Plain),
    shape("gho_", 20, Letters::Plain),
    shape("ghu_", 20, Letters::Plain),
    shape("ghs_", 20, Letters::Dotted),
    shape("ghr_", 20, Letters::Plain),
    shape("github_pat_", 20, Letters::Url),
    // GitLab
    shape("glpat-", 16, Letters::Dotted),
    shape("gldt-", 16, Letters::Url),
    shape("glrt-", 16, Letters::Dotted),
    shape("glcbt-", 16, Letters::Url),
    shape("glptt-", 16, Letters::Url),
    shape("glft-", 16, Letters::Url),
    shape("glimt-", 16, Letters::Url),
    shape("glagent-", 16, Letters::Url),
    shape("gloas-", 16, Letters::Url),
    shape("glsoat-", 16, Letters::Url),
    shape("GR1348941", 16, Letters::Url),
    // Slack
    shape("xoxb-", 10, Letters::Url),
    shape("xoxp-", 10, Letters::Url),
    shape("xoxa-", 10, Letters::Url),
    shape("xoxr-", 10, Letters::Url),
    shape("xoxs-", 10, Letters::Url),
    shape("xoxc-", 10, Letters::Url),
    shape("xoxd-", 10, Letters::Url),
    shape("xoxe-", 10, Letters::Url),
    shape("xoxe.xox", 10, Letters::Url),
    shape("xapp-1-", 10, Letters::Url),
    // Amazon
    word("AKIA", 16, Letters::Capitals),
    word("ASIA", 16, Letters::Capitals),
    word("ABIA", 16, Letters::Capitals),
    word("ACCA", 16, Letters::Capitals),
    // Google
    shape("AIza", 35, Letters::Url),
    shape("GOCSPX-", 20, Letters::Url),
    word("ya29.", 20, Letters::Dotted),
    // Stripe
    shape("sk_live_", 10, Letters::Plain),
    shape("sk_test_", 10, Letters::Plain),
    shape("rk_live_", 10, Letters::Plain),
    shape("rk_test_", 10, Letters::Plain),
    word("whsec_", 16, Letters::Plain),
    // Package registries
    word("npm_", 30, Letters::Plain),
    shape("pypi-AgE", 16, Letters::Url),
    shape("dckr_pat_", 16, Letters::Url),
    word("rubygems_", 40, Letters::Plain),
    // Makers of models
    shape("sk-ant-", 20, Letters::Url),
    shape("sk-proj-", 20, Letters::Url),
    word("sk-", 32, Letters::Plain),
    word("hf_", 30, Letters::Plain),
    // Others
    word("SG.", 40, Letters::Dotted),
    shape("dop_v1_", 32, Letters::Plain),
    shape("glsa_", 24, Letters::Url),
    shape("shpat_", 24, Letters::Plain),
    shape("shpss_", 24, Letters::Plain),
    word("hvs.", 20, Letters::Url),
    word("hvb.", 20, Letters::Url),
    shape("lin_api_", 24, Letters::Plain),
    shape("AGE-SECRET-KEY-1", 40, Letters::Plain),
    shape("glffct-", 16, Letters::Url),
    // Amazon's look-alikes
    word("LTAI", 12, Letters::Plain),
    // Infrastructure
    shape("dapi", 32, Letters::Plain),
    shape("ATATT3", 24, Letters::Padded),
    shape("ATCTT3", 24, Letters::Padded),
    shape("ATBB", 32, Letters::Plain),
    word("dp.pt.", 20, Letters::Dotted),
    word("dp.st.", 20, Letters::Dotted),
    word("dp.ct.", 20, Letters::Dotted),
    word("dp.sa.", 20, Letters::Dotted),
    word("dp.scim.", 20, Letters::Dotted),
    word("dp.audit.", 20, Letters::Dotted),
    shape("pscale_tkn_", 20, Letters::Url),
    shape("pscale_pw_", 20, Letters::Url),
    shape("pscale_oauth_", 20, Letters::Url),
    shape("PMAK-", 24, Letters::Url),
    shape("NRAK-", 20, Letters::Plain),
    shape("NRII-", 20, Letters::Url),
    shape("NRJS-", 16, Letters::Plain),
    shape("sntrys_", 20, Letters::Padded),
    shape("sntryu_", 20, Letters::Plain),
    shape("glc_", 20, Letters::Padded),
    word("ntn_", 30, Letters::Plain),
    shape("figd_", 20, Letters::Url),
    word("sbp_", 30, Letters::Plain),
    shape("sb_secret_", 16, Letters::Url),
    word("gsk_", 30, Letters::Plain),
    word("r8_", 30, Letters::Plain),
    shape("pplx-", 30, Letters::Plain),
    word("xai-", 40, Letters::Plain),
    shape("lsv2_pt_", 24, Letters::Url),
    shape("lsv2_sk_", 24, Letters::Url),
    word("pcsk_", 30, Letters::Url),
    shape("sq0atp-", 20, Letters::Url),
    shape("sq0csp-", 20, Letters::Url),
    shape("shpca_", 24, Letters::Plain),
    shape("shppa_", 24, Letters::Plain),
    shape("xkeysib-", 40, Letters::Url),
    shape("xsmtpsib-", 40, Letters::Url),
    shape("tskey-", 16, Letters::Url),
    word("AKCp", 50, Letters::Plain),
    shape("cmVmdGtu", 40, Letters::Plain),
    shape("dt0c01.", 40, Letters::Dotted),
    shape("dt0s01.", 40, Letters::Dotted),
    shape("bkua_", 30, Letters::Plain),
    shape("CCIPAT_", 30, Letters::Url),
    shape("CCIPRJ_", 30, Letters::Url),
    word("sqp_", 30, Letters::Plain),
    word("squ_", 30, Letters::Plain),
    word("sqa_", 30, Letters::Plain),
    shape("doo_v1_", 32, Letters::Plain),
    shape("dor_v1_", 32, Letters::Plain),
    word("ops_eyJ", 20, Letters::Padded),
    word("pul-", 30, Letters::Plain),
    word("pnu_", 30, Letters::Plain),
    word("nfp_", 30, Letters::Plain),
    word("rnd_", 20, Letters::Plain),
    word("cio", 32, Letters::Plain),
    word("oy2", 40, Letters::Plain),
    shape("FLWSECK", 16, Letters::Url),
    shape("HRKU-", 30, Letters::Url),
    shape("CFPAT-", 30, Letters::Url),
    shape("fio-u-", 30, Letters::Url),
    word("tfp_", 30, Letters::Url),
    shape("EZAK", 50, Letters::Plain),
    shape("EZTK", 50, Letters::Plain),
    shape("shippo_live_", 30, Letters::Plain),
    shape("duffel_live_", 30, Letters::Url),
    word("aio_", 26, Letters::Plain),
    word("fo1_", 30, Letters::Url),
    word("fm1r_", 40, Letters::Padded),
    word("fm2_", 40, Letters::Padded),
    shape("CLOJARS_", 40, Letters::Plain),
    shape("essu_", 40, Letters::Padded),
    word("t1.9euel", 40, Letters::Padded),
    word("AQVN", 34, Letters::Url),
    shape("1//0", 30, Letters::Url),
    shape("patp_", 30, Letters::Plain),
    word("nvapi-", 40, Letters::Url),
    word("fw_", 24, Letters::Plain),
    word("tgp_v1_", 30, Letters::Url),
    word("sl.", 100, Letters::Dotted),
    word("EAA", 90, Letters::Plain),
    // JSON in base64, as the three parts of a JWT begin with it.
    word("eyJ", 17, Letters::Dotted),
];

/// So far behind the id of an Amazon key its secret may stand.
const AMAZON_REACH: usize = 400;
/// The length of the secret of an Amazon key, which has no prefix of its own.
const AMAZON_SECRET: usize = 40;

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut amazon_until = 0;
    while at < bytes.len() {
        let starts_word = is_word_start(bytes, at);
        if let Some((length, amazon)) = token(&text.as_bytes()[at..], starts_word) {
            secrets.push(at..at + length);
            at += length;
            if amazon {
                amazon_until = at + AMAZON_REACH;
            }
        } else if at < amazon_until && starts_word && is_amazon_secret(&bytes[at..]) {
            secrets.push(at..at + AMAZON_SECRET);
            at += AMAZON_SECRET;
        } else {
            at += 1;
        }
    }
}

/// The shapes by their first letter: most characters begin none, or few.
static BY_FIRST: LazyLock<Vec<Vec<&Shape>>> = LazyLock::new(|| {
    let of = |first: u8| SHAPES.iter().filter(|shape| shape.prefix.as_bytes()[0] == first).collect();
    (0..=u8::MAX).map(of).collect()
});

/// The length of the token at the front, and whether it is the id of an Amazon key.
fn token(bytes: &[u8], starts_word: bool) -> Option<(usize, bool)> {
    let shapes = &BY_FIRST[usize::from(*bytes.first()?)];
    shapes.iter().filter(|shape| starts_word || !shape.at_word_start).find_map(|shape| {
        let rest = bytes.strip_prefix(shape.prefix.as_bytes())?;
        let length = rest.iter().take_while(|byte| is_letter(**byte, shape.letters)).count();
        let fits = if shape.letters == Letters::Capitals { length == shape.least } else { length >= shape.least };
        fits.then_some((shape.prefix.len() + length, shape.letters == Letters::Capitals))
    })
}

fn is_letter(byte: u8, letters: Letters) -> bool {
    match letters {
        Letters::Plain => byte.is_ascii_alphanumeric(),
        Letters::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        Letters::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
        Letters::Padded => byte.is_ascii_alphanumeric() || b"_-.=+/~".contains(&byte),
        Letters::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
    }
}

/// True at the beginning of a word, also behind an escaped newline (`\n`) or a percent-encoded character (`%3A`).
fn is_word_start(bytes: &[u8], at: usize) -> bool {
    match at.checked_sub(1).map(|before| bytes[before]) {
        None => true,
        Some(before) if !before.is_ascii_alphanumeric() => true,
        Some(b'n' | b'r' | b't') if at >= 2 && bytes[at - 2] == b'\\' => true,
        Some(_) => at >= 3 && bytes[at - 3] == b'%',
    }
}

fn is_amazon_secret(bytes: &[u8]) -> bool {
    let length = bytes.iter().take(AMAZON_SECRET + 1).take_while(|byte| is_base64(**byte)).count();
    let run = &bytes[..length];
    length == AMAZON_SECRET
        && run.iter().any(u8::is_ascii_uppercase)
        && run.iter().any(u8::is_ascii_lowercase)
        && run.iter().any(|byte| !byte.is_ascii_alphabetic())
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+')
}
