//! Secrets that are known by the phrase around them: commands, SQL, connection strings, and tokens of an odd shape.
//!
//! Each rule is a regular expression of linear time with the secret in its group `s`, and where the name of the secret
//! is part of the phrase, that in its group `k`. A rule is compiled when a text holds one of its words for the first time.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::Regex;

use super::names::{Meaning, meaning};
use super::values;

/// What the secret must look like, so that a sentence is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Anything: the phrase says enough.
    Any,
    /// Anything but words of prose and places for a value.
    Said,
    /// Letters and digits.
    Mixed,
    /// Long, and nothing but chance.
    Random,
}

struct Rule {
    /// Lower case; none of them in the text, and the rule is not tried. Empty: always tried.
    words: &'static [&'static str],
    pattern: &'static str,
    look: Look,
    regex: OnceLock<Option<Regex>>,
}

const fn rule(look: Look, words: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule { words, pattern, look, regex: OnceLock::new() }
}

#[rustfmt::skip]
static RULES: [Rule; 89] = [
    // Command lines. Arguments may be elements of an array too.
    rule(Look::Said, &["curl", "http", "wget"], r#"\b(?:curl|wget|https?|xh)\b[^\n|]*?[\s"'](?:-[a-zA-Z]*u|--user|--proxy-user|-a|--auth|-U)(?:[\s"',=]*)[^\s:"'/]+:(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["mysql", "maria"], r#"\b(?:mysql|maria)[a-z_-]*\b[^\n|]*?\s-p['"]?(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["sshpass"], r#"\bsshpass["', ]+-p["', ]*(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["login"], r#"\b(?:docker|podman|nerdctl|buildah|skopeo|crane|oras|helm|az|cf|oc|registry|ecr)\b[^\n|]*?\blogin\b[^\n|]*?[\s"']-p[\s"',=]*(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["mongo", "cassandra", "cqlsh", "clickhouse", "influx", "rabbitmqadmin", "psexec", "winexe"], r#"\b(?:mongo[a-z]*|cassandra|cqlsh|influx|rabbitmqadmin|psexec|winexe|clickhouse-client)\b[^\n|]*?\s-p[\s=]*["']?(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["redis-cli", "valkey-cli", "keydb-cli"], r#"\b(?:redis|valkey|keydb)-cli\b[^\n|]*?[\s"']-a[\s"',]+(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["ldap"], r#"\bldap[a-z]+\b[^\n|]*?\s-w\s*["']?(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["sqlcmd", "bcp", "isql", "unzip", "zip"], r#"\b(?:sqlcmd|bcp|isql|tsql|unzip|zip)\b[^\n|]*?\s-P\s*["']?(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["7z"], r#"\b7za?\b[^\n|]*?\s-p(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["pass:"], r#"(?:-pass(?:in|out)?|-k)\s+pass:(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["storepass", "keypass"], r#"-(?:dest|src)?(?:storepass|keypass)\s+["']?(?P<s>[^\s'"]+)"#),
    rule(Look::Said, &["htpasswd"], r"\bhtpasswd\s+-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+(?P<s>\S+)"),
    rule(Look::Said, &["htpasswd"], r"\bhtpasswd\s+-[a-zA-Z]*n[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+(?P<s>\S+)"),
    rule(Look::Said, &["smbclient", "rpcclient", "net "], r#"\s-U\s*["']?[^\s%"']+%(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["configure set", "config set"], r"\bconfig(?:ure)? set\s+(?P<k>\S+)\s+(?P<s>\S+)"),
    rule(Look::Mixed, &["login"], r"\b(?:vault|doctl|gh|hcp|op|argocd)\s+login\s+(?:-method=\S+\s+)?(?P<s>[A-Za-z0-9._-]+)(?:\s|$)"),
    rule(Look::Any, &["--password-stdin"], r#"\b(?:echo|printf)\s+(?:-n\s+)?["']?(?P<s>[^\s"'|]+)["']?\s*\|[^\n|]*--password-stdin"#),
    rule(Look::Any, &["chpasswd"], r#"["']?[^\s"':]+:(?P<s>[^\s"'|]+)["']?\s*\|\s*(?:sudo\s+)?chpasswd"#),
    rule(Look::Said, &["create secret"], r#"--from-literal[= ]["']?[^\s=]+=(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["setenv ", "env ", "fastcgi_param "], r"\b(?:setenv|ENV|export|set|fastcgi_param)\s+(?P<k>[A-Za-z_][A-Za-z0-9_]*)\s+(?P<s>[^\s=]\S*)"),
    // Files of credentials.
    rule(Look::Said, &["machine"], r"\bmachine\s+\S+\s+(?:login\s+\S+\s+)?password\s+(?P<s>\S+)"),
    rule(Look::Said, &["mysql", "maria"], r#"\b(?:mysql|maria)[a-z_-]*["']?\s*\n(?:\s*- [^\n]*\n)*?\s*- ["']?-p(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["curl"], r#"\bcurl["']?\s*\n(?:\s*- [^\n]*\n)*?\s*- ["']?(?:-u|--user)["']?\s*\n\s*- ["']?[^\s:"']+:(?P<s>[^\s"']+)"#),
    rule(Look::Said, &["login"], r"\blogin\s+\S+\s+password\s+(?P<s>\S+)"),
    rule(Look::Said, &["requirepass", "masterauth", "bindpw", "rootpw"], r#"\b(?:requirepass|masterauth|bindpw|rootpw)\s+["']?(?P<s>[^\s"'=:]+)"#),
    rule(Look::Mixed, &[":"], r"(?m)^(?:[A-Za-z0-9_.-]+|\*):(?:[0-9]{2,5}|\*):[A-Za-z0-9_*-]+:[A-Za-z0-9_*-]+:(?P<s>\S+)$"),
    rule(Look::Any, &["private-lines:"], r"Private-Lines:\s*[0-9]+\s+(?P<s>(?:[A-Za-z0-9+/=]+\s+)+)"),
    rule(Look::Any, &["$"], r"\$(?:2[abxy]?\$[0-9]{2}\$|argon2(?:id|i|d)\$v=|scrypt\$|pbkdf2)(?P<s>[./A-Za-z0-9$=,+]{40}[./A-Za-z0-9$=,+]*)"),
    rule(Look::Any, &["$6$", "$5$", "$1$", "$y$"], r"\$[156y]\$(?:rounds=[0-9]+\$)?(?P<s>[./A-Za-z0-9]+\$[./A-Za-z0-9]{8}[./A-Za-z0-9$]*)"),
    // SQL.
    rule(Look::Any, &["identified"], r#"\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+|values\s+)?["'](?P<s>[^"'\n;]+)"#),
    rule(Look::Said, &["identified"], r"\b(?:create|alter|grant)\s[^\n]*\sidentified\s+(?:with\s+\S+\s+)?by\s+(?P<s>[^\s'\x22;]+)"),
    rule(Look::Mixed, &["secret '"], r"\bsecret\s+'(?P<s>[^'\n]+)'"),
    rule(Look::Any, &["password", "passphrase", "passwd"], r"\b(?:password|passphrase|passwd)\s+[nN]?'(?P<s>[^'\n]+)'"),
    rule(Look::Any, &["set password"], r"\bset\s+password\b[^\n]*?[=(]\s*'(?P<s>[^'\n]+)'"),
    rule(Look::Any, &["pgp_sym", "aes_encrypt", "aes_decrypt", "encryptbypassphrase"], r"\b(?:pgp_sym_(?:en|de)crypt|aes_(?:en|de)crypt)\([^,\n]*,\s*'(?P<s>[^'\n]+)'"),
    // Connection strings without a scheme.
    rule(Look::Any, &["jdbc:oracle"], r"jdbc:oracle:[a-z0-9]+:[^/\s]+/(?P<s>[^@\s]+)@"),
    rule(Look::Said, &["@"], r#"(?:^|[\s"'=(/,])(?P<u>[A-Za-z0-9_%+-][A-Za-z0-9_.%+-]*):(?P<s>[^\s:@/"']{3,})@[A-Za-z0-9_-][A-Za-z0-9_.-]*(?::[0-9]{2,5}|/|\\/)"#),
    rule(Look::Mixed, &["@"], r#"(?:^|[\s"'=(])(?P<u>[A-Za-z_%+-][A-Za-z0-9_.%+-]*):(?P<s>[^\s:@/"']{3,})@[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*(?:[\s"',;)]|$)"#),
    // Webhooks, which are secrets as a whole.
    rule(Look::Any, &["hooks.slack.com/", "discord.com/api", "discordapp.com/api", "webhook.office.com", "hooks.zapier.com", "api.telegram.org", "chat.googleapis.com", "logic.azure.com", "hook.eu", "maker.ifttt.com"],
        r#"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/webhookb2/|hooks\.zapier\.com/hooks/catch/|api\.telegram\.org/bot|maker\.ifttt\.com/[^\s"']*/key/)(?P<s>[A-Za-z0-9_:/@.-]+?)(?:/(?:send|get|set|edit|delete|answer)[A-Za-z]+)?(?:[^A-Za-z0-9_:/@.-]|$)"#),
    // Structures that name the secret away from its value.
    rule(Look::Said, &["<"], r"<(?:[A-Za-z0-9_-]+:)?(?P<k>[A-Za-z0-9_.-]+)\s[^<>\n]*[^<>/\n]>\s*(?P<s>[^<>\s][^<>\n]*)</"),
    rule(Look::Said, &["<"], r#"<[A-Za-z]+\s(?:[^<>\n]*\s)?(?:name|key|id)\s*=\s*["'](?P<k>[A-Za-z0-9_.-]+)["'][^<>\n]*>\s*(?P<s>[^<>\s][^<>\n]*)</"#),
    rule(Look::Said, &["</key>"], r"<key>(?P<k>[^<>\n]+)</key>\s*<string>(?P<s>[^<>\n]+)</string>"),
    rule(Look::Said, &["value"], r#"\bvalue["'\\]*\s*[:=]\s*["'\\]*(?P<s>[^\s"'\\,}]+)["'\\]*,?\s+["'\\]*(?:name|key)["'\\]*\s*[:=]\s*["'\\]*(?P<k>[A-Za-z0-9_.-]+)"#),
    rule(Look::Said, &["\"value\":", "\"value\" :"], r#""value"\s*:\s*"(?P<s>[^"]+)"\s*,\s*"(?:name|key)"\s*:\s*"(?P<k>[A-Za-z0-9_.-]+)""#),
    rule(Look::Said, &["name="], r#"name="?(?P<k>[A-Za-z0-9_.-]+)"?\s*\r?\n(?:[A-Za-z-]+:[^\n]*\n)*\r?\n(?P<s>[^\s-][^\r\n]*)"#),
    rule(Look::Mixed, &["|", "\u{2502}"], r"(?m)^[\s|]*(?:\xe2\x94\x82\s*)?(?P<k>[A-Za-z0-9_.-]+)\s*(?:\||\xe2\x94\x82)\s*(?P<s>[^\s|]+)"),
    rule(Look::Said, &["{"], r#"\{\s*"?(?P<k>[A-Za-z_]+)"?\s*,\s*(?:<<)?"(?P<s>[^"\n]+)""#),
    rule(Look::Said, &[":"], r#":(?P<k>[A-Za-z_-]+)\s+"(?P<s>[^"\n]+)""#),
    rule(Look::Any, &["auth"], r#"\bauth=\(\s*b?["'][^"'\n]*["']\s*,\s*b?["'](?P<s>[^"'\n]+)["']"#),
    rule(Look::Said, &["password(", "passwd(", "passphrase(", "secret(", "token(", "key("], r#"\b(?P<k>(?:[sS]et|[wW]ith|[uU]se)?_?(?:[pP]assword|[pP]asswd|[pP]assphrase|[sS]ecret|[tT]oken|[aA]pi_?[kK]ey|[sS]ecret_?[kK]ey))\(\s*["'](?P<s>[^"'\n]+)["']"#),
    rule(Look::Said, &["(\"", "('"], r#"[A-Za-z]\(\s*["'](?P<k>[A-Za-z0-9_.-]+)["']\s*,\s*["'](?P<s>[^"'\n]+)["']"#),
    rule(Look::Mixed, &["\",", "',"], r#"["'](?P<k>[A-Za-z0-9_.-]+)["']\s*,\s*["'](?P<s>[^"'\n]+)["']"#),
    rule(Look::Said, &["->"], r#"(?P<k>[A-Za-z0-9_.-]+)"?\s*[:=]\s*"[^"\n]*"\s*->\s*"(?P<s>[^"\n]+)""#),
    rule(Look::Said, &["convertto-securestring"], r#"ConvertTo-SecureString\s+(?:-String\s+)?["'](?P<s>[^"'\n]+)"#),
    rule(Look::Said, &["credential", "auth(", "login(", "authenticate("], r#"(?:credentials?|auth|login|authenticate)\(\s*["'][^"'\n]*["']\s*,\s*["'](?P<s>[^"'\n]+)["']"#),
    rule(Look::Said, &["value="], r#"<(?:[A-Za-z0-9_-]+:)?(?P<k>[A-Za-z0-9_.-]+)\s(?:[^<>\n]*\s)?value=["'](?P<s>[^"'\n]+)"#),
    rule(Look::Said, &["\";s:"], r#""(?P<k>[A-Za-z0-9_.-]+)";s:[0-9]+:"(?P<s>[^"\n]+)""#),
    // Protocols.
    rule(Look::Mixed, &["auth"], r#"\b(?-i:AUTH)"?\s+(?:"?[a-z]+"?\s+)?"?(?P<s>[^\s"]+)"#),
    rule(Look::Any, &["auth plain", "auth login"], r"\bAUTH (?:PLAIN|LOGIN)\s+(?P<s>[A-Za-z0-9+/=]{8}[A-Za-z0-9+/=]*)"),
    rule(Look::Said, &["pass "], r"(?:>|C:)\s*(?-i:PASS)\s+(?P<s>\S+)"),
    rule(Look::Said, &["sqlplus", "sqlldr", "expdp", "impdp", "rman"], r"\b(?:sqlplus|sqlldr|expdp|impdp|rman)\b[^\n|]*?\s[A-Za-z0-9_]+/(?P<s>[^@\s/]+)"),
    rule(Look::Any, &["[]byte{", "[]uint8{"], r#"(?P<k>[A-Za-z0-9_.-]+)["']?\s*[:=]\s*\[\](?:byte|uint8)\{(?P<s>[^{}\n]+)"#),
    // Sentences.
    rule(Look::Mixed, &[" to "], r#"\b(?:set|setting|chang(?:e|ed|ing)|updat(?:e|ed|ing)|overrid(?:e|den|ing)|property)\s+["'\[]?(?P<k>[A-Za-z0-9_.-]+)["'\]]?\s+(?:value\s+)?(?:from\s+\S+\s+)?(?:set\s+)?to\s+["'\[]?(?P<s>[^\s"'\]]+)"#),
    rule(Look::Mixed, &[" from "], r#"\b(?:set|setting|chang(?:e|ed|ing)|updat(?:e|ed|ing)|overrid(?:e|den|ing)|property)\s+["'\[]?(?P<k>[A-Za-z0-9_.-]+)["'\]]?\s+from\s+["'\[]?(?P<s>[^\s"'\]]+)["'\]]?\s+to\b"#),
    rule(Look::Mixed, &[" value "], r#"[\s"'\[](?P<k>[A-Za-z0-9_.]+)["'\]]?,?\s+(?:with |has )?value ["'\[]?(?P<s>[^\s"'\]]+)"#),
    rule(Look::Mixed, &["password for"], r"\bpassword for [^:\n]*: +(?P<s>\S+)"),
    rule(Look::Mixed, &["cred"], r#"\b(?:credentials?|creds)\b\s*[:=]?\s*\(?["']?[A-Za-z0-9_.@-]+\s*[:/]\s*(?P<s>[^\s"')]+)"#),
    rule(Look::Any, &["unseal key", "recovery key"], r"\b(?:unseal|recovery) key [0-9]+:\s+(?P<s>\S+)"),
    rule(Look::Said, &["пароль", "密码", "密碼", "パスワード", "비밀번호", "contraseña", "mot de passe", "wachtwoord", "hasło", "lösenord"], "(?:пароль|Пароль|密码|密碼|パスワード|비밀번호|contraseña|mot de passe|wachtwoord|hasło|lösenord)\"?\\s*(?:[:=]|：)\\s*\"?(?P<s>[^\\s\"]+)"),
    rule(Look::Mixed, &["or \"", "or '", "?? \"", "|| \"", "|| '"], r#"\b(?P<k>[A-Za-z0-9_.-]+)\s*=[^=\n][^\n]*?(?:\bor|\?\?|\|\|)\s*["'](?P<s>[^"'\n]+)["']"#),
    rule(Look::Mixed, &["password", "passphrase", "secret", "token", "key"], r#"\b(?:password|passphrase|passwd|secret|token|api[ -]?key)\s+(?:is:?|was|are|will be|set to|changed to|updated to)\s+["'`]?(?P<s>[^\s"'`]*[0-9][^\s"'`]*)"#),
    rule(Look::Mixed, &["using", "with"], r#"\b(?:using|with|and)\s+(?:the\s+)?(?:password|passphrase|passwd|secret|token|api[ -]?key)\s+["'`]?(?P<s>[^\s"'`,;]*[0-9][^\s"'`,;]*)"#),
    rule(Look::Any, &["password is generated"], r"password is generated[^:\n]*:\s+(?P<s>\S+)"),
    rule(Look::Random, &["apikey"], r"\bapikey\s+(?P<s>[A-Za-z0-9+/=_.-]+)"),
    rule(Look::Any, &["sha256=", "sha1="], r#"signature(?:-256)?["']?\s*[:=]\s*["']?sha(?:1|256|512)=(?P<s>[0-9a-fA-F]{16}[0-9a-fA-F]*)"#),
    // Tokens without a prefix of their own.
    rule(Look::Any, &["8q~", "7q~"], r"\b(?P<s>[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{30}[A-Za-z0-9_~.-]*)"),
    rule(Look::Any, &[".atlasv1."], r"\b(?P<s>[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40}[A-Za-z0-9_=-]*)"),
    rule(Look::Any, &["sk"], r"\b(?P<s>SK[0-9a-f]{32})\b"),
    rule(Look::Mixed, &["key-"], r"\b(?P<s>key-[0-9a-z]{32})\b"),
    rule(Look::Any, &["-us"], r"\b(?P<s>[0-9a-f]{32}-us[0-9]{1,2})\b"),
    rule(Look::Any, &["-"], r"\b(?P<s>[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})\b"),
    rule(Look::Any, &[":aa"], r"(?:^|[^A-Za-z0-9]|bot)(?P<s>[0-9]{8,10}:AA[A-Za-z0-9_-]{33})"),
    rule(Look::Mixed, &["s.", "b.", "r."], r#"(?:^|[\s"'=:(])(?P<s>[sbr]\.[A-Za-z0-9]{24})(?:[^A-Za-z0-9.]|$)"#),
    rule(Look::Any, &["."], r"\b(?P<s>[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})\b"),
    rule(Look::Any, &["pat"], r"\b(?P<s>pat[A-Za-z0-9]{14}\.[0-9a-f]{64})\b"),
    rule(Look::Any, &["access_token$"], r"\b(?P<s>access_token\$(?:production|sandbox)\$[0-9a-zA-Z]+\$[0-9a-f]{32})"),
    rule(Look::Any, &["::server:", "::node:"], r"\b(?P<s>K10[0-9a-f]{32}[0-9a-f]*::(?:server|node):[0-9A-Za-z]+)"),
    rule(Look::Any, &["secret_"], r"\b(?P<s>secret_[A-Za-z0-9]{40}[A-Za-z0-9]*)\b"),
    rule(Look::Any, &["eyjrijoi"], r"(?P<s>eyJrIjoi[A-Za-z0-9+/=_-]{30}[A-Za-z0-9+/=_-]*)"),
];

/// A word, and the place of the rule that it stands for.
type Word = (&'static [u8], usize);

/// The words of the rules by their first byte.
static BY_FIRST: LazyLock<Vec<Vec<Word>>> = LazyLock::new(|| {
    let mut by_first = vec![Vec::new(); 256];
    for (place, rule) in RULES.iter().enumerate() {
        for word in rule.words {
            by_first[usize::from(word.as_bytes()[0])].push((word.as_bytes(), place));
        }
    }
    by_first
});

/// Returns for each rule whether the text holds one of its words. It is read once, and no rule is compiled for it.
fn spoken(text: &str) -> Vec<bool> {
    let bytes = text.as_bytes();
    let mut spoken = vec![false; RULES.len()];
    for (place, byte) in bytes.iter().enumerate() {
        for (word, rule) in &BY_FIRST[usize::from(byte.to_ascii_lowercase())] {
            if !spoken[*rule] && bytes[place..].get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word))
            {
                spoken[*rule] = true;
            }
        }
    }
    spoken
}

pub(super) fn find(text: &str, secrets: &mut Vec<Range<usize>>) {
    for rule in RULES.iter().zip(spoken(text)).filter_map(|(rule, spoken)| spoken.then_some(rule)) {
        let regex = rule.regex.get_or_init(|| Regex::new(&format!("(?i-u){}", rule.pattern)).ok());
        let Some(regex) = regex else { continue };
        for found in regex.captures_iter(text.as_bytes()) {
            let Some(secret) = found.name("s") else { continue };
            let (start, end) = (text.floor_char_boundary(secret.start()), text.ceil_char_boundary(secret.end()));
            let said = text[start..end].trim();
            // `mailto:jane@…` and `nginx:1.25@sha256:…` are none.
            let user = found.name("u").and_then(|user| text.get(user.range())).unwrap_or_default();
            if is_address(user, &text[end..]) || text[end..].starts_with("@sha") {
                continue;
            }
            let key = found.name("k").map(|key| text.get(key.range()).unwrap_or_default());
            let named = key.is_none_or(|key| match meaning(key) {
                Meaning::Secret | Meaning::Bare => true,
                Meaning::Mixed => values::is_mixed(said),
                Meaning::Random => values::is_random(said),
                Meaning::Digits => said.len() >= 4,
                _ => false,
            });
            if named && rule.look.fits(said) {
                secrets.push(start..end);
            }
        }
    }
}

/// Returns true for `mailto:jane@…` and `user:jane@x.example`, where the rest begins at the `@`. A host with a port, or
/// without a dot, is none of an address.
fn is_address(user: &str, rest: &str) -> bool {
    let rest = rest.strip_prefix('@').unwrap_or_default();
    let host =
        &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).unwrap_or(rest.len())];
    let goes_on = rest[host.len()..].starts_with([':', '/']);
    NO_USERS.contains(&user.to_ascii_lowercase().as_str())
        && (user.eq_ignore_ascii_case("mailto") || host.contains('.') && !goes_on)
}

/// What stands before the colon of an address, and is nobody's name.
const NO_USERS: &[&str] = &[
    "account",
    "acct",
    "assignee",
    "author",
    "bcc",
    "by",
    "cc",
    "contact",
    "email",
    "from",
    "git",
    "image",
    "login",
    "mail",
    "mailto",
    "owner",
    "recipient",
    "reply-to",
    "sender",
    "sip",
    "ssh",
    "to",
    "user",
    "username",
    "xmpp",
];

impl Look {
    fn fits(self, said: &str) -> bool {
        let is_told = || !said.is_empty() && !values::is_prose(said) && !values::is_placeholder(said);
        match self {
            Self::Any => !values::is_placeholder(said),
            Self::Said => is_told(),
            Self::Mixed => is_told() && values::is_mixed(said),
            Self::Random => values::is_random(said),
        }
    }
}

/// `INSERT INTO users (name, password) VALUES ('app', '…')`: the values whose columns name a secret.
pub(super) fn find_inserted(text: &str, secrets: &mut Vec<Range<usize>>) {
    static INSERT: OnceLock<Option<Regex>> = OnceLock::new();
    if !text.contains("VALUES") && !text.contains("values") {
        return;
    }
    let pattern = r"(?i-u)\binsert\s+into\s+\S+\s*\((?P<columns>[^()]*)\)\s*values\s*\((?P<values>[^()]*)\)";
    let Some(insert) = INSERT.get_or_init(|| Regex::new(pattern).ok()) else { return };
    for found in insert.captures_iter(text.as_bytes()) {
        let (Some(columns), Some(row)) = (found.name("columns"), found.name("values")) else { continue };
        let columns = text[columns.range()].split(',').map(|name| meaning(name.trim().trim_matches(['"', '`', '\''])));
        let mut at = row.start();
        for (column, value) in columns.zip(text[row.range()].split(',')) {
            let inner = value.trim().trim_matches('\'');
            if matches!(column, Meaning::Secret | Meaning::Bare)
                && !inner.is_empty()
                && inner != "?"
                && !inner.starts_with('$')
            {
                let start = at + value.find(inner).unwrap_or_default();
                secrets.push(start..start + inner.len());
            }
            at += value.len() + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

    use super::RULES;

    #[test]
    fn every_rule_can_be_compiled_and_has_a_secret() {
        for rule in &RULES {
            let regex = Regex::new(&format!("(?i-u){}", rule.pattern)).unwrap();
            assert!(regex.capture_names().flatten().any(|name| name == "s"), "{}", rule.pattern);
            assert!(rule.words.iter().all(|word| *word == word.to_lowercase()), "{:?}", rule.words);
        }
    }
}
