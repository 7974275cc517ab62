//! Sources behind TLS, with certificates of every kind.
#![cfg(unix)]

use crashgate::gate::spec::MetricsSource;

use super::source::{ONE, Source, answer, client, json, of_url, trouble};
use crate::cluster::tls::{Kind, authority, leaf, serve};

fn one() -> Source {
    Source::new(|_| json(200, ONE))
}

#[tokio::test]
async fn only_the_named_authority_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (own, strange) = (authority(), authority());
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path.display().to_string())
    };
    let ca = file("ca.pem", &own.as_ref().pem());
    let both = file("both.pem", &format!("{}\n{}", strange.as_ref().pem(), own.as_ref().pem()));
    let other = file("other.pem", &strange.as_ref().pem());
    let good = format!("https://{}", serve(one().router(), &own, &Kind::Good, false).await);
    for ca in [&ca, &both] {
        answer(&MetricsSource { ca: ca.clone(), ..of_url(&good) }).await;
    }
    answer(&MetricsSource { insecure: true, ..of_url(&good) }).await;
    let message = trouble(&MetricsSource { ca: other, ..of_url(&good) }).await;
    assert!(message.contains("signed by an authority that is not trusted; name the right one in `ca`"), "{message}");
    for (kind, words) in [
        (Kind::Expired, "its certificate has expired"),
        (Kind::WrongHost, "its certificate is for another name"),
        (Kind::SelfSigned, "authority that is not trusted"),
        (Kind::Stranger, "authority that is not trusted"),
    ] {
        let url = format!("https://{}", serve(one().router(), &own, &kind, false).await);
        let message = trouble(&MetricsSource { ca: ca.clone(), ..of_url(&url) }).await;
        assert!(message.contains(words), "{message}");
        answer(&MetricsSource { insecure: true, ..of_url(&url) }).await;
    }
}

#[tokio::test]
async fn a_client_certificate_opens_what_is_shut_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let own = authority();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path.display().to_string())
    };
    let ca = file("ca.pem", &own.as_ref().pem());
    let (params, key) = leaf(&["client"], false);
    let cert = file("client.pem", &params.signed_by(&key, &own).unwrap().pem());
    let key_file = file("client.key", &key.serialize_pem());
    let (_, other_key) = leaf(&["client"], false);
    let other_key = file("other.key", &other_key.serialize_pem());
    let url = format!("https://{}", serve(one().router(), &own, &Kind::Good, true).await);
    let with =
        |key: &Option<String>| MetricsSource { ca: ca.clone(), cert: cert.clone(), key: key.clone(), ..of_url(&url) };
    answer(&with(&key_file)).await;
    let message = trouble(&MetricsSource { ca: ca.clone(), ..of_url(&url) }).await;
    assert!(message.contains("check `cert` and `key`, the client certificate"), "{message}");
    let error = client(&with(&other_key)).unwrap_err().to_string();
    assert!(error.contains("`cert` and `key` do not belong together"), "{error}");
    let error = client(&with(&cert)).unwrap_err().to_string();
    assert!(error.contains("metrics.source.key: ") && error.contains("is no private key in PEM"), "{error}");
}
