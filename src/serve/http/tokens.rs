//! Tokens from a file: who they belong to, and what they are good for.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use tracing::{info, warn};

use super::access::{Access, Right, Scope};
use crate::manifest::asked;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// The largest file that is read.
const LARGEST: u64 = 1024 * 1024;
/// The shortest token: fewer characters can be tried out.
const SHORTEST_TOKEN: usize = 16;

const KEYS: [&str; 6] = ["name", "token", "sha256", "namespaces", "plans", "may"];

/// The SHA-256 of a token. Tokens themselves are not kept: what is compared is as long for each.
pub(super) type Digest = [u8; 32];

/// Returns the digest of a token.
pub(super) fn digest_of(token: &[u8]) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token).as_ref());
    bytes
}

/// Somebody who has a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The name in the file.
    pub name: String,
    /// What they may do.
    pub access: Access,
}

struct Token {
    digest: Digest,
    bearer: Arc<Bearer>,
}

/// The tokens of a file, as it was when it could be read last.
pub struct TokenFile {
    path: PathBuf,
    state: RwLock<State>,
}

struct State {
    tokens: Vec<Token>,
    /// The file's bytes when it was looked at last, as a digest.
    seen: Digest,
    /// Why the file as it is now is not the one whose tokens are taken.
    problem: Option<SafeText>,
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl TokenFile {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it. No token is quoted.
    pub fn load(path: &Path) -> Result<Self, String> {
        let bytes = bytes_of(path)?;
        let tokens = parse(&bytes).map_err(|why| format!("the tokens in {}: {why}", path.display()))?;
        let state = State { tokens, seen: digest_of(&bytes), problem: None };
        Ok(Self { path: path.to_owned(), state: RwLock::new(state) })
    }

    /// Reads the file again. Where it has changed for the worse, the tokens that were known stay good, and that is said.
    pub fn reread(&self) {
        let read = bytes_of(&self.path).and_then(|bytes| {
            let seen = digest_of(&bytes);
            let is_known = self.read().seen == seen;
            if is_known { Ok(None) } else { parse(&bytes).map(|tokens| Some((tokens, seen))) }
        });
        match read {
            Ok(None) => {
                let had_problem = self.read().problem.is_some();
                // The file is again what it was when it was good.
                if had_problem {
                    self.write().problem = None;
                }
            }
            Ok(Some((tokens, seen))) => {
                info!(file = %self.path.display(), tokens = tokens.len(), "tokens read anew");
                *self.write() = State { tokens, seen, problem: None };
            }
            Err(why) => {
                let problem = safe!(
                    "the file of tokens cannot be read as it is now, and those that were known stay good: {}",
                    Redaction::On.text(&why).one_line()
                );
                if self.read().problem.as_ref() != Some(&problem) {
                    warn!(file = %self.path.display(), "{problem}");
                    self.write().problem = Some(problem);
                }
            }
        }
    }

    /// Reads the file again and again, for ever. A change of any kind is found: that of a Secret in a volume is one of a link.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let file = Arc::clone(&self);
            // A file system may hang.
            let _ = tokio::task::spawn_blocking(move || file.reread()).await;
        }
    }

    /// Why the file as it is now is not the one whose tokens are taken.
    #[must_use]
    pub fn problem(&self) -> Option<SafeText> {
        self.read().problem.clone()
    }

    /// Returns whose token this is. Takes as long for each: every one is compared, and all of it.
    pub(super) fn bearer(&self, token: &[u8]) -> Option<Arc<Bearer>> {
        let digest = digest_of(token);
        let mut found = None;
        for known in &self.read().tokens {
            if bool::from(known.digest.ct_eq(&digest)) {
                found = Some(&known.bearer).cloned();
            }
        }
        found
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        Ok(_) if bytes.len() as u64 > LARGEST => Err(format!("{} is larger than 1 MiB", path.display())),
        Ok(_) => Ok(bytes),
    }
}

/// Reads a file of tokens. No error quotes a value: it may be a token.
fn parse(bytes: &[u8]) -> Result<Vec<Token>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())?;
    let document: Value = serde_yaml::from_str(text).map_err(|error| match error.location() {
        Some(place) => format!("line {}, column {}: this is no YAML", place.line(), place.column()),
        None => "this is no YAML".to_owned(),
    })?;
    let entries = match &document {
        Value::Object(top) if top.len() == 1 => top.get("tokens").and_then(Value::as_array),
        _ => None,
    };
    let entries = entries.ok_or("there must be one key, `tokens`, with a list of tokens")?;
    let mut tokens: Vec<Token> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let token = entry.as_object().ok_or_else(|| "it has no keys".to_owned()).and_then(token);
        let token = token.map_err(|why| format!("token {}: {why}", place + 1))?;
        if tokens.iter().any(|other| other.digest == token.digest) {
            return Err(format!("token {}: the same token stands above already", place + 1));
        }
        tokens.push(token);
    }
    if tokens.is_empty() {
        return Err("there is no token in it, and so nobody may ask".to_owned());
    }
    Ok(tokens)
}

fn token(entry: &Map<String, Value>) -> Result<Token, String> {
    if let Some(unknown) = entry.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(asked::unknown("key", unknown, &KEYS));
    }
    let text = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("`{key}` is not a text; write it in quotes")),
    };
    let name = text("name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or("it has no `name`; give it one, for the log")?;
    let digest = match (text("token")?, text("sha256")?) {
        (Some(token), None) if token.chars().count() < SHORTEST_TOKEN => {
            return Err(format!(
                "`token` has fewer than {SHORTEST_TOKEN} characters, which can be guessed; make a longer one"
            ));
        }
        (Some(token), None) => digest_of(token.as_bytes()),
        (None, Some(hex)) => {
            from_hex(hex).ok_or("`sha256` is not 64 hexadecimal digits; write what `sha256sum` prints")?
        }
        (Some(_), Some(_)) => return Err("it has both `token` and `sha256`; give one of them".to_owned()),
        (None, None) => return Err("it has neither `token` nor `sha256`; give one of them".to_owned()),
    };
    let list = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(Value::Array(items)) if !items.is_empty() => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(Some).ok_or_else(|| format!("`{key}` holds something else than texts; write each in quotes"))
        }
        Some(_) => Err(format!("`{key}` is no list of names; write it as in `[shop, cart]`")),
    };
    let scope = |key: &str| {
        list(key)?.map(Scope::of).ok_or_else(|| format!("it has no `{key}`; name them, or write `[\"*\"]` for all"))
    };
    let namespaces = scope("namespaces")?;
    if let Scope::Names(names) = &namespaces {
        for name in names {
            asked::namespace("namespaces", name)?;
        }
    }
    let may = match list("may")? {
        None => Right::ALL.into_iter().filter(|right| *right != Right::Runs).collect(),
        Some(names) => rights(&names)?,
    };
    let access = Access { namespaces, plans: scope("plans")?, may };
    Ok(Token { digest, bearer: Arc::new(Bearer { name: name.to_owned(), access }) })
}

fn rights(names: &[String]) -> Result<BTreeSet<Right>, String> {
    let right = |name: &String| {
        let known = Right::ALL.into_iter().find(|right| right.name() == name);
        known.ok_or_else(|| asked::unknown("right", name, &Right::ALL.map(Right::name)))
    };
    names.iter().map(right).collect()
}

fn from_hex(hex: &str) -> Option<Digest> {
    let hex = hex.trim().as_bytes();
    let mut digest = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.chunks(2)) {
        let digits = std::str::from_utf8(pair).ok().filter(|pair| pair.chars().all(|c| c.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(digest)
}

impl Bearer {
    /// The name, as it is logged.
    #[must_use]
    pub fn shown(&self) -> SafeText {
        Untrusted::name(&self.name).line()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{TokenFile, digest_of, parse};
    use crate::serve::http::access::Right;

    const GOOD: &str =
        "tokens:\n- {name: flagger, token: 0123456789abcdef, namespaces: [shop], plans: [web], may: [check, hold]}\n";

    #[test]
    fn a_token_or_its_digest_will_do() {
        let hex: Vec<String> = digest_of(b"0123456789abcdef").iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.concat();
        let digest = GOOD.replace("token: 0123456789abcdef", &format!("sha256: {hex}"));
        for text in [GOOD, &digest] {
            let tokens = parse(text.as_bytes()).unwrap();
            assert_eq!(tokens[0].digest, digest_of(b"0123456789abcdef"));
            assert!(tokens[0].bearer.access.allows(Right::Check, Some("shop"), Some("web")));
            assert!(!tokens[0].bearer.access.allows(Right::Gates, Some("shop"), Some("web")));
        }
    }

    #[test]
    fn a_bad_file_is_told_what_is_wrong_with_it_and_no_token_is_quoted() {
        let entry = |rest: &str| format!("tokens:\n- {{name: a, token: sesame-sesame-sesame, {rest}}}\n");
        for (text, said) in [
            (String::new(), "one key, `tokens`"),
            ("tokens: []".to_owned(), "no token"),
            ("tokens: sesame-sesame".to_owned(), "list of tokens"),
            ("tokens:\n- sesame-sesame".to_owned(), "token 1: it has no keys"),
            ("tokens: [".to_owned(), "no YAML"),
            (GOOD.to_owned() + "users: []\n", "one key"),
            (entry("namespaces: [a]"), "no `plans`"),
            (entry("plans: [a]"), "no `namespaces`"),
            (entry("plans: [a], namespaces: []"), "no list of names"),
            (entry("plans: [a], namespaces: shop"), "no list of names"),
            (entry("plans: [a], namespaces: [Shop]"), "cannot be the name of a namespace"),
            (entry("plans: [a], namespace: [shop]"), "did you mean `namespaces`?"),
            (entry("plans: [a], namespaces: [shop], may: [rolback]"), "did you mean `rollback`?"),
            (entry("plans: [a], namespaces: [shop], sha256: x"), "both"),
            ("tokens: [{name: a, token: sesame, plans: [a], namespaces: [b]}]".to_owned(), "fewer than 16"),
            ("tokens: [{name: a, token: 1234567890123456, plans: [a], namespaces: [b]}]".to_owned(), "not a text"),
            ("tokens: [{name: a, sha256: sesame, plans: [a], namespaces: [b]}]".to_owned(), "64 hexadecimal"),
            ("tokens: [{token: sesame-sesame-sesame, plans: [a], namespaces: [b]}]".to_owned(), "no `name`"),
            (GOOD.to_owned() + &GOOD.replace("tokens:\n", ""), "token 2: the same token"),
        ] {
            let error = parse(text.as_bytes()).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.contains(said) && !error.contains("sesame"), "{text}: {error}");
        }
    }

    #[test]
    fn a_changed_file_is_taken_in_and_a_bad_one_changes_nothing_but_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.yaml");
        fs::write(&path, GOOD).unwrap();
        let file = TokenFile::load(&path).unwrap();
        let knows = |token: &str| file.bearer(token.as_bytes()).is_some();
        assert!(knows("0123456789abcdef") && !knows("0123456789abcdeg") && !knows("") && file.problem().is_none());

        fs::write(&path, GOOD.replace("0123456789abcdef", "fedcba9876543210")).unwrap();
        file.reread();
        assert!(!knows("0123456789abcdef") && knows("fedcba9876543210"));

        for bad in ["tokens: [", "tokens: []"] {
            fs::write(&path, bad).unwrap();
            file.reread();
            assert!(knows("fedcba9876543210") && file.problem().unwrap().contains("stay good"), "{bad}");
        }
        fs::remove_file(&path).unwrap();
        file.reread();
        assert!(knows("fedcba9876543210") && file.problem().unwrap().contains("cannot read"));

        fs::write(&path, GOOD.replace("0123456789abcdef", "fedcba9876543210")).unwrap();
        file.reread();
        assert!(knows("fedcba9876543210") && file.problem().is_none(), "it is again what it was");
    }
}
