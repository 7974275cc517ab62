use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::text;

/// What tells the cause must not be lost.
#[test]
fn sentences_about_secrets_stay_whole() {
    for said in [
        "fatal: DATABASE_URL is not set",
        "password authentication failed for user \"app\"",
        "FATAL:  password authentication failed for user \"app\" (SQLSTATE 28P01)",
        "secret \"payments-tls\" not found",
        "MountVolume.SetUp failed for volume \"tls\" : secret \"payments-tls\" not found",
        "couldn't find key password in Secret shop/db",
        "couldn't find key api-key in ConfigMap shop/app",
        "JWT_SECRET must be at least 32 characters",
        "line 3: API_KEY: unbound variable",
        "sh: API_KEY: parameter not set",
        "API_KEY: unbound variable",
        "error: token: expired",
        "invalid token: expired at 2026-01-02",
        "SyntaxError: Unexpected token '<', \"<html>\" is not valid JSON",
        "Unexpected token: identifier near line 3",
        "DB_PASSWORD=",
        "DB_PASSWORD=\"\"",
        "DB_PASSWORD: required",
        "password: wrong password for app",
        "secretName: payments-tls",
        "passwordFile=/run/secrets/db",
        "TOKEN_TTL=3600 max_tokens: 4096",
        "WARN no such secret: payments-tls",
        "401 Unauthorized: Bearer token is missing",
        "Basic authentication failed, Bearer Authentication required",
        "Authorization: Bearer ${TOKEN}",
        "authorization: failed for user x",
        "dial tcp 10.0.0.1:5432: connect: connection refused",
        "postgres://app@db.shop:5432/orders: connection refused",
        "http://host:8080/path?to=a@b",
        "git clone https://bot@git.example/x",
        "no \"-----BEGIN PRIVATE KEY-----\" found in file",
        "sk-checkout-7d9f8c6b5-x2x4z is not ready",
        "0/1 nodes are available: 1 Insufficient cpu.",
        "secretKeyRef: {name: db, key: password}",
        "serviceaccount \"token-reader\" is forbidden",
        "panic: STRIPE_SECRET_KEY must be set",
        "token::Kind is private",
        "no basic auth credentials",
        "env: password: ${DB_PASSWORD}",
    ] {
        assert_eq!(text(said), said);
    }
}

#[test]
fn only_the_secret_itself_is_hidden() {
    for (said, shown) in [
        ("DB_PASSWORD=hunter2 starting", "DB_PASSWORD=*** starting"),
        ("password: hunter2", "password: ***"),
        ("password: correct horse battery", "password: ***"),
        ("  db_password: 'don''t-tell' # prod", "  db_password: '***' # prod"),
        ("INFO password: letmein", "INFO password: ***"),
        ("passwd:hunter2, user:app", "passwd:***, user:app"),
        (r#"{"password":"hunter2","user":"app"}"#, r#"{"password":"***","user":"app"}"#),
        (r#"{\"api_key\":\"a\\\"bc\",\"x\":1}"#, r#"{\"api_key\":\"***\",\"x\":1}"#),
        (r#"{"token" : "abc.def"}"#, r#"{"token" : "***"}"#),
        ("GET /?token=abcdef&page=2 200", "GET /?token=***&page=2 200"),
        ("Server=db;Password=a;b!;Database=x", "Server=db;Password=***;Database=x"),
        ("--password hunter2 --user app", "--password *** --user app"),
        ("<password>hunter2</password>", "<password>***</password>"),
        ("PGPASSWORD=p@ss,word psql", "PGPASSWORD=*** psql"),
        ("dbPassword='a b'", "dbPassword='***'"),
        ("{Password:abc User:x}", "{Password:*** User:x}"),
        ("clientSecret => 's3cr3t',", "clientSecret => '***',"),
        (
            "- name: DB_PASSWORD\n  value: hunter2\n- name: A\n  value: b",
            "- name: DB_PASSWORD\n  value: ***\n- name: A\n  value: b",
        ),
        (r#"{"name":"API_KEY","value":"k"}"#, r#"{"name":"API_KEY","value":"***"}"#),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNz' https://x", "curl -H 'Authorization: Basic ***' https://x"),
        ("map[Authorization:[Bearer abc] Host:[x]]", "map[Authorization:[Bearer ***] Host:[x]]"),
        ("authorization: s3cr3t", "authorization: ***"),
        ("Cookie: session=abc; theme=dark", "Cookie: ***"),
        ("sent Bearer 0123456789abcdef to x", "sent Bearer *** to x"),
        ("X-Api-Key: 42", "X-Api-Key: ***"),
        ("postgres://app:p4ss@db:5432/x", "postgres://app:***@db:5432/x"),
        ("postgres://app:p/4@ss@db:5432/x?a=b", "postgres://app:***@db:5432/x?a=b"),
        ("redis://:p4ss@cache:6379", "redis://:***@cache:6379"),
        ("https://0123456789abcdef01234567@git.example/x", "https://***@git.example/x"),
        ("app:p4ss@tcp(db:3306)/x", "app:***@tcp(db:3306)/x"),
        ("see https://hooks.slack.com/services/T0/B0/abc now", "see https://hooks.slack.com/services/*** now"),
        ("\x1b[36mtoken\x1b[0m=abc\x1b[1mdef\x1b[0m end", "token=*** end"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nend",
            "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nend",
        ),
        ("MIIEabc\nabc=\n-----END PRIVATE KEY-----\nend", "***-----END PRIVATE KEY-----\nend"),
        (
            "-----BEGIN PRIVATE KEY-----\nMIIE\nabc\nthe process ended",
            "-----BEGIN PRIVATE KEY-----***the process ended",
        ),
        (
            "key \"-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIabcdefgh\\n\" bad",
            "key \"-----BEGIN EC PRIVATE KEY-----***\" bad",
        ),
    ] {
        assert_eq!(text(said), shown, "{said}");
    }
}

#[test]
fn tokens_are_known_by_their_shape() {
    let letters = "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4";
    let long = |prefix: &str, length: usize| format!("{prefix}{}", &letters[..length]);
    let tokens = [
        long("ghp_", 36),
        long("github_pat_", 40),
        long("glpat-", 20),
        long("xoxb-12345-", 24),
        long("AIza", 35),
        long("sk_live_", 24),
        long("npm_", 36),
        long("sk-", 40),
        long("sk-ant-api03-", 40),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_def".to_owned(),
    ];
    for token in tokens {
        assert_eq!(text(&format!("used {token}, and failed")), "used ***, and failed");
        assert_eq!(text(&format!("x\\n{token} y")), "x\\n*** y");
    }
    let pair = "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    assert_eq!(text(pair), "*** ***");
    let commit = "built from 1f0c8a7d2b3e4f5a6b7c8d9e0f1a2b3c4d5e6f70";
    assert_eq!(text(commit), commit);
}

/// The least of three times that a processor spends on 16 KiB of this.
fn quickest(part: &str) -> Duration {
    let long = part.repeat(16_384 / part.len());
    let tries = (0..3).map(|_| {
        let began = spent();
        let _ = text(&long);
        spent().saturating_sub(began)
    });
    tries.min().unwrap_or_default()
}

/// The time that this thread has had on a processor so far, which a busy machine does not change; where the system does
/// not tell it, the time of the clock.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// A generous bound: what is quadratic takes ten thousand times as long.
#[test]
fn hostile_lengths_cost_no_more_than_honest_ones() {
    let honest = quickest("the quick brown fox jumps over the lazy dog\n");
    for part in [
        "a",
        " ",
        "\"",
        "\\",
        "=",
        "password=",
        "password",
        "password: ",
        "token=\"",
        "eyJ-",
        "ghp_",
        "://",
        "://a:",
        "@tcp(",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "-----",
        "\x1b[",
        "\x1b[1",
        "AKIA",
        "bearer ",
        "a,b;",
        "password=,",
        "authorization: ",
        "name: password\n",
        "sk-",
        "--token ",
        "MIIE\n",
        "é",
        "token=é,",
        "token=***",
        "name=",
        "name:",
        "token=${",
        "cookie=",
        "key=",
        "curl -u ",
        "a:b@",
        "password:\n",
        "password:[",
        "password: |\n",
        "kind: Secret\ndata:\n",
        "kind: Secret data: {",
        "insert into a (password) values (",
        "<a name=\"",
        "%22",
        "AA==",
        "password is ",
        "\0",
        "a|b",
        "creds a:",
    ] {
        let took = quickest(part);
        // The system counts in ticks of some milliseconds.
        assert!(took < honest * 100 + Duration::from_millis(20), "{part:?} took {took:?}, and honest words {honest:?}");
    }
}
