//! Claims about listings.

use super::{connect, impatient, name, page, said};
use crate::ObjectError;
use crate::http::tests::server::{Act, Server, answer};

fn listing(keys: &[&str], next: Option<&str>) -> String {
    let entries = keys.iter().map(|key| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-11-22T18:00:00.000Z</LastModified><ETag>&quot;7&quot;</ETag>\
             <Size>3</Size><StorageClass>STANDARD</StorageClass></Contents>"
        )
    });
    let next = next.map(|token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
    let truncated = next.is_some();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Name>lake</Name><IsTruncated>{truncated}</IsTruncated>{}{}</ListBucketResult>",
        next.unwrap_or_default(),
        entries.collect::<String>()
    )
}

fn told(keys: &[&str], next: Option<&str>) -> Act {
    Act::Say(answer("200 OK", "content-type: application/xml\r\n", &listing(keys, next)))
}

#[tokio::test]
async fn pages_are_put_together_and_what_is_no_key_is_left_out() {
    let first = told(&["shop/", "shop/a", "shop/a&amp;b", "shop/a.b", "shop/a/", "shop/a//x"], Some("t/1="));
    let server = Server::start([first, told(&["shop/a/b", "shop/b"], None)]).await;
    let found = connect(&server.url, |_| {}).object_list(&name(), "", None, 100).await.unwrap();
    let keys: Vec<_> = found.iter().map(|meta| meta.key.as_str()).collect();
    assert_eq!(keys, ["a", "a&b", "a.b", "a/b", "b"]);
    assert!(server.requests()[1].contains("&continuation-token=t%2F1%3D "), "{}", server.requests()[1]);
}

#[tokio::test]
async fn a_listing_asks_below_the_prefix_after_a_key_and_for_no_more_than_needed() {
    let server = Server::start([told(&["shop/log/2", "shop/log/3"], Some("t/1=")), told(&["shop/log/4"], None)]).await;
    let connections = connect(&server.url, |_| {});
    let found = connections.object_list(&name(), "log/", Some("log/1"), 2).await.unwrap();
    assert_eq!((found.len(), found[0].size, found[0].modified), (2, 3, Some(1_795_370_400_000)));
    let request = server.requests().remove(0);
    let query = "GET /lake?list-type=2&prefix=shop%2Flog%2F&start-after=shop%2Flog%2F1&max-keys=2 HTTP/1.1\r\n";
    assert!(request.starts_with(query), "{request}");
    assert_eq!(server.requests().len(), 1);
    connections.object_list(&name(), "log/", None, 2).await.unwrap();
    assert!(server.requests()[1].starts_with("GET /lake?list-type=2&prefix=shop%2Flog%2F&max-keys=2 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_listing_that_is_not_whole_or_not_in_order_is_none() {
    let whole = listing(&["shop/a", "shop/b"], None);
    let lost = listing(&["shop/a"], Some("t")).replace("<NextContinuationToken>t</NextContinuationToken>", "");
    let xml = |text: &str| Act::Say(answer("200 OK", "", text));
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{whole}", whole.len() + 9);
    for (act, expected) in [
        (xml(&lost), "was cut short"),
        (xml(&whole[..whole.len() - 40]), "it was cut, or a proxy answered"),
        (Act::SayAndClose(announced.into_bytes()), "broke off"),
        (page("200 OK"), "it was cut, or a proxy answered"),
        (told(&["shop/b", "shop/a"], None), "bytewise order"),
        (said("404 Not Found", "NoSuchBucket"), "no bucket `lake`"),
        (said("403 Forbidden", "AccessDenied"), "denied"),
    ] {
        let server = Server::start([act]).await;
        let connections = connect(&server.url, impatient);
        let error = connections.object_list(&name(), "", None, 10).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[tokio::test]
async fn a_prefix_that_leads_elsewhere_is_refused() {
    let server = Server::start([]).await;
    let listed = connect(&server.url, |_| {}).object_list(&name(), "../", None, 10).await;
    assert!(matches!(listed, Err(ObjectError::Denied(_))));
    assert_eq!(server.connections(), 0);
}
