//! What the name of a value says about it: `DB_PASSWORD_2`, `apiKey`, `spring.datasource.password`, `token_ttl`.
//!
//! A name is taken apart into its parts, whatever joins them. One part, or two together, name a secret; the parts
//! behind it may take that back (`secretName`, `PASSWORD_FILE`).

/// What a name says about the value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing.
    Harmless,
    /// It is a secret: `DB_PASSWORD`, `apiKey`.
    Secret,
    /// It may be one, but the word is common in prose too: `token`, `secret`.
    Bare,
    /// It is one where it has letters and digits, as no word and no number has: `REDIS_AUTH`, `token_github`.
    Mixed,
    /// It is one where it looks like nothing but chance: `PAYFLEX_KEY`, `signature`.
    Random,
    /// It is a short number: `otp`, `pin`.
    Digits,
    /// What follows the blank is one: a scheme of `Authorization`.
    Scheme,
    /// A header that carries credentials.
    Header,
}

/// No name is longer; what is, is base64.
const LONGEST: usize = 128;

pub(super) fn meaning(name: &str) -> Meaning {
    let name = name.trim_matches(['-', '.', '_']);
    if name.len() > LONGEST || name.is_empty() {
        return Meaning::Harmless;
    }
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "bearer" | "basic" => return Meaning::Scheme,
        "cookie" | "set-cookie" | "http_cookie" => return Meaning::Header,
        _ if lower.ends_with("authorization") => return Meaning::Header,
        "token" | "secret" | "secrets" | "credential" | "credentials" | "pass" | "jwt" | "imagepullsecrets" => {
            return Meaning::Bare;
        }
        "sig" | "signature" | "sas" | "code" | "sid" | "session" | "sessionid" | "session_id" | "session-id"
        | "hmac" | "tokens" => return Meaning::Random,
        "auth" | "salt" | "pepper" => return Meaning::Mixed,
        "otp" | "totp" | "pin" | "mfa" | "mfa_code" | "otp_code" | "totp_code" => return Meaning::Digits,
        "secret_id" | "secretid" | "phpsessid" | "jsessionid" => return Meaning::Secret,
        "oldpwd" => return Meaning::Harmless,
        _ => {}
    }
    if lower.rsplit_once('.').is_some_and(|(_, end)| SOURCE_FILES.contains(&end)) {
        return Meaning::Harmless;
    }
    let parts = parts(name);
    let found = (0..parts.len()).rev().find_map(|place| {
        let before = place.checked_sub(1).map(|before| parts[before].as_str());
        of_part(before, &parts[place], name).map(|meaning| (place, meaning))
    });
    let Some((place, found)) = found else {
        // `PaSsWoRd`: humps that mean nothing.
        let is_secret = ["password", "passwd", "passphrase", "apikey"].iter().any(|end| lower.ends_with(end));
        return if is_secret { Meaning::Secret } else { Meaning::Harmless };
    };
    if lower.ends_with("secret_id") || lower.ends_with("secretid") {
        return Meaning::Secret;
    }
    // `reset_password` does something with one.
    let found = if place > 0 && VERBS.contains(&parts[0].as_str()) && found == Meaning::Secret {
        Meaning::Mixed
    } else {
        found
    };
    let behind = &parts[place + 1..];
    if behind.is_empty() || found == Meaning::Harmless {
        return found;
    }
    if behind.iter().any(|part| HARMLESS_ENDS.contains(&part.as_str())) {
        return Meaning::Harmless;
    }
    if behind.iter().all(|part| part.len() == 1 || CONTINUATIONS.contains(&part.as_str())) || !has_lower(name) {
        return found;
    }
    // `TokenService` and `passwordEncoder` are of code; `token_github` says whose it is.
    if name.contains(['_', '-']) { Meaning::Mixed } else { Meaning::Harmless }
}

fn has_lower(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// What one part says, or together with the one before it.
fn of_part(before: Option<&str>, part: &str, name: &str) -> Option<Meaning> {
    const ENDS: [&str; 11] = [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "secret",
        "token",
        "apikey",
        "credential",
        "passwort",
        "kennwort",
    ];
    const WHOLE: [&str; 43] = [
        "credentials",
        "creds",
        "cred",
        "accesskey",
        "secretkey",
        "privatekey",
        "authkey",
        "accountkey",
        "sharedaccesskey",
        "sharedaccesssignature",
        "masterkey",
        "encryptionkey",
        "signingkey",
        "licensekey",
        "pgpass",
        "passwords",
        "passphrases",
        "apikeys",
        "pw",
        "rootpw",
        "bindpw",
        "adminpw",
        "userpw",
        "dbpw",
        "storepass",
        "keypass",
        "requirepass",
        "userpass",
        "dbpass",
        "bindpass",
        "sshpass",
        "masterauth",
        "authtoken",
        "salt",
        "pepper",
        "senha",
        "mdp",
        "contrasena",
        "passkey",
        "identitytoken",
        "sessionkey",
        "appkey",
        "hmackey",
    ];
    if part == "token" && before.is_some_and(|before| HARMLESS_TOKENS.contains(&before)) {
        return Some(Meaning::Harmless);
    }
    if ENDS.iter().any(|end| part.ends_with(end)) || WHOLE.contains(&part) {
        return Some(Meaning::Secret);
    }
    let before = before?;
    match part {
        "pass" => Some(Meaning::Secret),
        "secrets" => Some(Meaning::Bare),
        "auth" if matches!(before, "redis" | "valkey" | "basic" | "registry" | "docker") => Some(Meaning::Secret),
        "auth" if !has_lower(name) => Some(Meaning::Mixed),
        "cookie" if !has_lower(name) => Some(Meaning::Secret),
        "signature" if before == "amz" => Some(Meaning::Secret),

        "key" | "keys" if KINDS_OF_KEYS.contains(&before) => Some(Meaning::Secret),
        "key" if HARMLESS_KEYS.contains(&before) => Some(Meaning::Harmless),
        "tokens" | "signature" | "seed" | "sas" | "sid" | "key" => Some(Meaning::Random),
        _ => None,
    }
}

/// The parts of a name in lower case, without the digits at their ends: `dbPassword2`, `DB_PASSWORD_2` and
/// `db.password` all have two.
fn parts(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    let mut parts = vec![String::new()];
    for (place, byte) in bytes.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(place + 1);
        let hump = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || before.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase)
            });
        if hump || matches!(byte, b'_' | b'-' | b'.') {
            parts.push(String::new());
        }
        if byte.is_ascii_alphanumeric()
            && let Some(part) = parts.last_mut()
        {
            part.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    for part in &mut parts {
        part.truncate(part.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// What `…_KEY` opens something.
const KINDS_OF_KEYS: &[&str] = &[
    "access",
    "account",
    "admin",
    "aes",
    "algolia",
    "anthropic",
    "api",
    "app",
    "application",
    "auth",
    "aws",
    "azure",
    "captcha",
    "cipher",
    "client",
    "consumer",
    "cookie",
    "crypt",
    "crypto",
    "datadog",
    "dd",
    "decryption",
    "deploy",
    "encrypt",
    "encryption",
    "firebase",
    "gemini",
    "github",
    "gitlab",
    "google",
    "hmac",
    "host",
    "ingest",
    "json",
    "jwe",
    "jws",
    "jwt",
    "kms",
    "licence",
    "license",
    "mailgun",
    "mapbox",
    "maps",
    "master",
    "newrelic",
    "openai",
    "private",
    "pusher",
    "recaptcha",
    "recovery",
    "root",
    "rsa",
    "secret",
    "security",
    "segment",
    "sendgrid",
    "sentry",
    "server",
    "service",
    "session",
    "shared",
    "sign",
    "signing",
    "ssh",
    "ssl",
    "storage",
    "stripe",
    "subscription",
    "tls",
    "token",
    "twilio",
    "unseal",
    "user",
    "vapid",
    "webhook",
    "wrapping",
];

/// What `…_key` only finds something.
const HARMLESS_KEYS: &[&str] = &[
    "annotation",
    "cache",
    "composite",
    "config",
    "dedup",
    "dedupe",
    "dict",
    "dictionary",
    "foreign",
    "group",
    "hash",
    "i18n",
    "idempotency",
    "index",
    "label",
    "locale",
    "lock",
    "map",
    "message",
    "metric",
    "natural",
    "object",
    "partition",
    "primary",
    "public",
    "range",
    "routing",
    "row",
    "shard",
    "sort",
    "tag",
    "topology",
    "translation",
    "unique",
    "verification",
    "verify",
];

/// What `…_token` is of a text, a page or a program.
const HARMLESS_TOKENS: &[&str] = &[
    "bos",
    "cancel",
    "cancellation",
    "cls",
    "continuation",
    "continue",
    "cursor",
    "eos",
    "fencing",
    "mask",
    "max",
    "next",
    "num",
    "pad",
    "page",
    "sep",
    "special",
    "stop",
    "sync",
    "unk",
];

/// What a name that begins so does with a secret, instead of holding one.
const VERBS: &[&str] = &[
    "allow", "ask", "change", "check", "disable", "enable", "forgot", "generate", "has", "hide", "is", "needs", "no",
    "prompt", "require", "requires", "reset", "rotate", "show", "skip", "update", "use", "validate", "verify",
    "without",
];

/// What follows the name of a secret without making it the name of something else.
const CONTINUATIONS: &[&str] = &[
    "admin",
    "again",
    "and",
    "app",
    "auth",
    "b",
    "backup",
    "base",
    "base64",
    "confirm",
    "confirmation",
    "current",
    "data",
    "db",
    "default",
    "dev",
    "enc",
    "encoded",
    "encrypted",
    "env",
    "hash",
    "key",
    "keys",
    "live",
    "main",
    "master",
    "new",
    "old",
    "plain",
    "plaintext",
    "previous",
    "primary",
    "prod",
    "production",
    "raw",
    "read",
    "repeat",
    "replica",
    "ro",
    "root",
    "rw",
    "salt",
    "secondary",
    "secret",
    "signature",
    "stage",
    "staging",
    "str",
    "string",
    "test",
    "text",
    "tmp",
    "token",
    "user",
    "val",
    "value",
    "verify",
    "write",
];

/// What makes the name of a secret the name of something else: `secretName`, `token_ttl`, `PASSWORD_FILE`.
const HARMLESS_ENDS: &[&str] = &[
    "age",
    "agent",
    "algorithm",
    "arn",
    "attempts",
    "audience",
    "backend",
    "bucket",
    "ca",
    "cache",
    "cert",
    "certificate",
    "checker",
    "class",
    "config",
    "configured",
    "controller",
    "converter",
    "count",
    "detector",
    "dir",
    "directory",
    "driver",
    "duration",
    "enabled",
    "encoder",
    "encryption",
    "endpoint",
    "engine",
    "error",
    "errors",
    "exists",
    "expiration",
    "expired",
    "expires",
    "expiry",
    "factory",
    "field",
    "file",
    "filename",
    "files",
    "filter",
    "found",
    "from",
    "generator",
    "handler",
    "header",
    "helper",
    "hint",
    "id",
    "ids",
    "in",
    "interceptor",
    "interval",
    "invalid",
    "issuer",
    "iterations",
    "kind",
    "label",
    "len",
    "length",
    "lifetime",
    "limit",
    "loader",
    "location",
    "lookup",
    "manager",
    "mapper",
    "max",
    "method",
    "middleware",
    "min",
    "missing",
    "mode",
    "module",
    "mount",
    "name",
    "names",
    "namespace",
    "needed",
    "operator",
    "parser",
    "path",
    "paths",
    "per",
    "plugin",
    "policy",
    "prefix",
    "present",
    "prompt",
    "provider",
    "reader",
    "ref",
    "refresh",
    "renewer",
    "request",
    "requests",
    "required",
    "reset",
    "resolver",
    "retries",
    "rotation",
    "rounds",
    "scanner",
    "scanning",
    "scheme",
    "scope",
    "scopes",
    "server",
    "service",
    "set",
    "settings",
    "size",
    "source",
    "status",
    "stdin",
    "store",
    "strategy",
    "strength",
    "suffix",
    "supported",
    "sync",
    "syncer",
    "table",
    "timeout",
    "total",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "util",
    "utils",
    "valid",
    "validator",
    "version",
    "window",
    "writer",
];

/// The endings of files of code, as they stand in stack traces: `(TokenService.java:42)`.
const SOURCE_FILES: &[&str] = &[
    "c",
    "cc",
    "clj",
    "conf",
    "cpp",
    "cr",
    "crt",
    "cs",
    "css",
    "csv",
    "dart",
    "erl",
    "ex",
    "exs",
    "fs",
    "go",
    "groovy",
    "h",
    "hpp",
    "hs",
    "html",
    "ini",
    "jar",
    "java",
    "js",
    "json",
    "jsx",
    "kt",
    "kts",
    "log",
    "lua",
    "md",
    "mjs",
    "ml",
    "pem",
    "php",
    "pl",
    "properties",
    "py",
    "pyc",
    "rb",
    "rs",
    "scala",
    "sh",
    "sql",
    "swift",
    "tf",
    "toml",
    "ts",
    "tsx",
    "txt",
    "vb",
    "vue",
    "xml",
    "yaml",
    "yml",
    "zig",
];

#[cfg(test)]
mod tests {
    use super::{Meaning, meaning};

    #[test]
    fn a_name_is_known_by_its_parts() {
        for (name, wanted) in [
            ("DB_PASSWORD_2", Meaning::Secret),
            ("dbPassword2", Meaning::Secret),
            ("spring.datasource.password", Meaning::Secret),
            ("x-api-key", Meaning::Secret),
            ("passwordFile", Meaning::Harmless),
            ("TokenService.java", Meaning::Harmless),
            ("TokenService", Meaning::Harmless),
            ("token_github", Meaning::Mixed),
            ("TOKEN_GITHUB", Meaning::Secret),
            ("tokenizer", Meaning::Harmless),
            ("monkey", Meaning::Harmless),
            ("author", Meaning::Harmless),
            ("cache_key", Meaning::Harmless),
            ("PAYFLEX_KEY", Meaning::Random),
        ] {
            assert_eq!(meaning(name), wanted, "{name}");
        }
    }
}
