//! In whose name a source of metrics is asked. The secrets stay in their files until a request needs them, for they are
//! rotated; no word of them is ever in an error.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::source_error::SourceError;
use crate::gate::spec::MetricsSource;

/// A token or password is not longer.
const LONGEST_SECRET: u64 = 64 * 1024;

/// What is shorter stands in ordinary words, and is not looked for in them.
const SHORTEST_SECRET: usize = 4;

/// The headers that belong to the client.
const RESERVED: [HeaderName; 9] =
    [ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, UPGRADE];

/// What a source asks for.
pub(super) struct Credentials {
    auth: Auth,
    headers: HeaderMap,
    has_certificate: bool,
}

/// The header `Authorization`.
enum Auth {
    None,
    /// It is one of the plan's own headers.
    Header,
    /// A bearer token.
    Token(PathBuf),
    /// Basic authentication.
    Basic {
        user: String,
        password: PathBuf,
    },
}

/// What goes with one request.
pub(super) struct Sent {
    pub headers: HeaderMap,
    secrets: Vec<Secret>,
}

/// A text that a source may quote, and that must not be shown.
struct Secret {
    text: String,
    /// It is a credential, and nowhere anything else. The value of another header may well be a word of every day.
    is_credential: bool,
}

impl Credentials {
    /// Reads what the plan says; relative paths begin at `folder`. Every file is read once, so that one that cannot be
    /// used is known before anything is asked.
    ///
    /// # Errors
    ///
    /// Where keys do not fit together, a file cannot be used, or a header cannot be sent.
    pub fn new(source: &MetricsSource, folder: &Path) -> Result<Self, SourceError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &source.headers {
            let (name, value) = header(name, value)?;
            headers.append(name, value);
        }
        let own = headers.contains_key(AUTHORIZATION);
        let path = |file: &String| folder.join(file);
        let auth = match (&source.token_file, &source.user, &source.password_file) {
            (Some(_), Some(_), _) => return Err(SourceError::Keys("write either `tokenFile` or `user`, not both")),
            (_, Some(_), None) => return Err(SourceError::Keys("`user` needs `passwordFile`")),
            (_, None, Some(_)) => return Err(SourceError::Keys("`passwordFile` needs `user`")),
            (Some(_), ..) | (_, Some(_), _) if own => {
                return Err(SourceError::Keys(
                    "the header Authorization is made from `tokenFile` or `user`; leave it out of `headers`",
                ));
            }
            (Some(token), None, None) => Auth::Token(path(token)),
            (None, Some(user), Some(_)) if user.contains(':') => {
                return Err(SourceError::Keys("`user` must not contain a colon, which ends the name"));
            }
            (None, Some(user), Some(password)) => Auth::Basic { user: user.clone(), password: path(password) },
            (None, None, None) if own => Auth::Header,
            (None, None, None) => Auth::None,
        };
        let credentials = Self { auth, headers, has_certificate: source.cert.is_some() };
        credentials.read().map_err(|(key, path, why)| SourceError::File { key, path, why })?;
        Ok(credentials)
    }

    /// Returns the headers of one request: files are read anew.
    ///
    /// # Errors
    ///
    /// Where a file cannot be used any more, in words.
    pub async fn sent(self: &std::sync::Arc<Self>) -> Result<Sent, String> {
        let credentials = std::sync::Arc::clone(self);
        // A file on a network may take its time, and must hold up nothing else.
        let read = tokio::task::spawn_blocking(move || credentials.read()).await;
        let read = read.map_err(|_| "the credentials could not be read".to_owned())?;
        read.map_err(|(key, path, why)| format!("metrics.source.{key}: {} {why}", path.display()))
    }

    fn read(&self) -> Result<Sent, (&'static str, PathBuf, String)> {
        let mut headers = self.headers.clone();
        let mut secrets = Vec::new();
        for (name, value) in &headers {
            secrets.extend(secrets_of(value.to_str().unwrap_or_default(), name == AUTHORIZATION));
        }
        let authorization = match &self.auth {
            Auth::None | Auth::Header => None,
            Auth::Token(path) => {
                let token = secret(path).map_err(|why| ("tokenFile", path.clone(), why))?;
                Some(("tokenFile", path, format!("Bearer {token}"), token))
            }
            Auth::Basic { user, password: path } => {
                let password = secret(path).map_err(|why| ("passwordFile", path.clone(), why))?;
                let encoded = STANDARD.encode(format!("{user}:{password}"));
                Some(("passwordFile", path, format!("Basic {encoded}"), password))
            }
        };
        if let Some((key, path, value, secret)) = authorization {
            let why = "holds a character that no HTTP header may have, such as a line break";
            let mut header = HeaderValue::try_from(&value).map_err(|_| (key, path.clone(), why.to_owned()))?;
            header.set_sensitive(true);
            headers.insert(AUTHORIZATION, header);
            secrets.extend(secrets_of(&value, true));
            secrets.push(Secret { text: secret, is_credential: true });
        }
        secrets.retain(|secret| secret.text.len() >= SHORTEST_SECRET);
        // The longer first: what is part of another must not spoil it.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.text.len()));
        Ok(Sent { headers, secrets })
    }

    /// Which credentials go with a request, in words; never what they are.
    pub fn words(&self) -> String {
        let what = match &self.auth {
            Auth::None => None,
            Auth::Header => Some("the header Authorization of `headers`"),
            Auth::Token(_) => Some("the token of `tokenFile`"),
            Auth::Basic { .. } => Some("`user` with the password of `passwordFile`"),
        };
        match (what, self.has_certificate) {
            (None, false) => "no credentials were sent".to_owned(),
            (Some(what), false) => format!("{what} was sent"),
            (None, true) => "a client certificate was offered and no other credentials were sent".to_owned(),
            (Some(what), true) => format!("{what} was sent, and a client certificate was offered"),
        }
    }
}

impl Sent {
    /// What the source says, without anything that was sent to it in a header.
    pub fn mask(&self, text: &str) -> String {
        Self::without(&mut self.secrets.iter(), text)
    }

    /// What the source tells, without the credentials that were sent to it.
    pub fn mask_credentials(&self, text: &str) -> String {
        Self::without(&mut self.secrets.iter().filter(|secret| secret.is_credential), text)
    }

    fn without(secrets: &mut dyn Iterator<Item = &Secret>, text: &str) -> String {
        secrets.fold(text.to_owned(), |text, secret| text.replace(&secret.text, "***"))
    }
}

/// The value of a header and, where it begins with a scheme, what follows that.
fn secrets_of(value: &str, is_credential: bool) -> impl Iterator<Item = Secret> {
    let behind = value.split_once(' ').map(|(_, rest)| rest.trim().to_owned());
    [Some(value.to_owned()), behind].into_iter().flatten().map(move |text| Secret { text, is_credential })
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SourceError> {
    let refused = |why| SourceError::Header { name: name.to_owned(), why };
    let known = HeaderName::try_from(name).map_err(|_| refused("this is not the name of a header"))?;
    if RESERVED.contains(&known) {
        return Err(refused("crashgate sets this header itself; leave it out"));
    }
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| refused("its value has a character that no HTTP header may have, such as a line break"))?;
    value.set_sensitive(true);
    Ok((known, value))
}

/// The secret in a file. Blanks and line breaks around it are no part of it: files end with one.
fn secret(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("is not a regular file; it is read again for each request".to_owned());
    }
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(LONGEST_SECRET + 1).read_to_string(&mut text));
    let read = read.map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => "is not text".to_owned(),
        _ => unreadable(error),
    })?;
    if read as u64 > LONGEST_SECRET {
        return Err(format!("is longer than {LONGEST_SECRET} bytes"));
    }
    match text.trim() {
        "" => Err("is empty".to_owned()),
        secret => Ok(secret.to_owned()),
    }
}
