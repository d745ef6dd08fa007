//! Addresses: what is accepted, how it is printed, and that no error tells a password.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use cachekit_store::{ErrorKind, StoreOptions, StoreUrl, open};
use proptest::prelude::*;

fn shown(url: &str) -> String {
    let shown = url.parse::<StoreUrl>().unwrap().to_string();
    let store = open(url, &StoreOptions::default()).unwrap();
    assert_eq!(store.address(), shown);
    shown
}

#[test]
fn addresses_are_shown_whole_in_one_spelling_and_without_password() {
    for (url, expected) in [
        ("memory://sessions", "memory://sessions"),
        ("memcached://H1", "memcached://h1:11211"),
        ("memcached://b:2,a,[::1]:7,[::2]", "memcached://[::1]:7,[::2]:11211,a:11211,b:2"),
        ("memcached://h/?item_size=1m", "memcached://h:11211"),
        ("memcached://h?item_size=8m", "memcached://h:11211?item_size=8388608"),
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://localhost/", "redis://localhost:6379/0"),
        ("redis://LocalHost:7000/2", "redis://localhost:7000/2"),
        ("redis://localhost?db=2", "redis://localhost:6379/2"),
        ("redis://[::1]:7000", "redis://[::1]:7000/0"),
        ("redis://[::1]/1", "redis://[::1]:6379/1"),
        ("redis://:pw@h", "redis://:***@h:6379/0"),
        ("redis://app:pw@h", "redis://app:***@h:6379/0"),
        ("redis://a%40b:p%3Aw@h", "redis://a%40b:***@h:6379/0"),
        ("redis://app:@h", "redis://app:***@h:6379/0"),
        ("rediss://h", "rediss://h:6379/0"),
        ("rediss://a:pw@h/1?ca=/a%20b.pem", "rediss://a:***@h:6379/1?ca=/a%20b.pem"),
        ("rediss://h?key=/k&cert=/c", "rediss://h:6379/0?cert=/c&key=/k"),
        ("rediss://h?ca=/a&cert=/c&key=/k", "rediss://h:6379/0?ca=/a&cert=/c&key=/k"),
        ("redis+cluster://h", "redis+cluster://h:6379"),
        ("redis+cluster://:pw@A:1,b/0", "redis+cluster://:***@a:1,b:6379"),
        ("rediss+cluster://a,b?ca=/ca.pem", "rediss+cluster://a:6379,b:6379?ca=/ca.pem"),
        ("redis+cluster://[::1]:1,[::2]", "redis+cluster://[::1]:1,[::2]:6379"),
        ("redis+sentinel://h/cache", "redis+sentinel://h:26379/cache/0"),
        ("redis+sentinel://:pw@A:1,b/my.svc/2", "redis+sentinel://:***@a:1,b:26379/my.svc/2"),
        (
            "redis+sentinel://h/c?db=1&sentinel_user=w&sentinel_password=s3cret",
            "redis+sentinel://h:26379/c/1?sentinel_user=w&sentinel_password=***",
        ),
        (
            "rediss+sentinel://h/c?sentinel_password=s3cret&ca=/a",
            "rediss+sentinel://h:26379/c/0?ca=/a&sentinel_password=***",
        ),
        ("https://Cache.example.com/api", "https://cache.example.com:443/api"),
        ("https://h", "https://h:443"),
        ("https://h:8443/", "https://h:8443"),
        ("https://h/a%20b/c/?ca=/a", "https://h:443/a%20b/c?ca=/a"),
        ("https://h?server=plain&ca=/a", "https://h:443?ca=/a&server=plain"),
        ("https://[::1]/x?server=plain", "https://[::1]:443/x?server=plain"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.9", "http://127.0.0.9:80"),
        ("http://[::1]:8000/api", "http://[::1]:8000/api"),
        ("http://h?unencrypted=allowed", "http://h:80?unencrypted=allowed"),
        (
            "http://h/?server=plain&unencrypted=allowed",
            "http://h:80?unencrypted=allowed&server=plain",
        ),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("redis+unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("unix:///run/r%20s?user=app&password=x", "unix://app:***@/run/r%20s?db=0"),
        ("unix://app:x@/run/redis.sock", "unix://app:***@/run/redis.sock?db=0"),
    ] {
        assert_eq!(shown(url), expected, "{url}");
        assert_eq!(
            format!("{:?}", url.parse::<StoreUrl>().unwrap()),
            format!("StoreUrl({expected})")
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (url, expected) in [
        ("", "no scheme"),
        ("localhost:6379", "no scheme"),
        ("redis:localhost", "no scheme"),
        ("memory://", "a name alone"),
        ("memory://a/b", "a name alone"),
        ("memory://a?x=1", "a name alone"),
        ("memcached://", "no host"),
        ("memcached://a,", "no host"),
        ("memcached://a,b:x", "a port"),
        ("memcached://a,[::1", "without its `]`"),
        ("memcached://b,a,B:11211", "the same server twice"),
        ("memcached://u:pw@a", "a user or password"),
        ("memcached://a/1", "a path"),
        ("memcached://a?item_size=2g", "an item_size"),
        ("memcached://a?item_size=", "an item_size"),
        ("memcached://a?item_siz=1m", "did you mean `item_size`"),
        ("memcached://a?item_size=1m&item_size=2m", "`item_size` twice"),
        ("https://", "no host"),
        ("https://h/a//b", "an empty segment"),
        ("https://h/a/%2e%2e/b", "a `..`"),
        ("https://h/a%00", "a control character"),
        ("https://h:0", "a port"),
        ("https://token@h", "something before the host"),
        ("https://u:token@h", "something before the host"),
        ("https://h?server=best", "a `server` that is not `plain`"),
        ("https://h?server=plain&server=plain", "`server` twice"),
        ("https://h?unencrypted=allowed", "none of ca, cert, key, server"),
        ("https://h?key=/k", "one of `cert` and `key`"),
        ("https://h?token=t0ken", "none of ca"),
        ("http://h", "unencrypted=allowed"),
        ("http://127.0.0.1.example.com", "unencrypted=allowed"),
        ("http://h?unencrypted=yes", "an `unencrypted` that is not"),
        ("http://h?unencripted=allowed", "did you mean `unencrypted`"),
        ("http://localhost?ca=/a", "none of server, unencrypted"),
        ("redis+sentinel://h", "no name of a service"),
        ("redis+sentinel://h/", "no name of a service"),
        ("redis+sentinel://h/a%20b", "no name of a service"),
        ("redis+sentinel://h/a/b", "a database that is not a number"),
        ("redis+sentinel://h/a/1?db=1", "`db` twice"),
        ("redis+sentinel:///a", "no host"),
        ("redis+sentinel://h/a?ca=/ca", "none of db, sentinel_user"),
        ("redis+sentinel://h/a?sentinel_user=w", "a user without a password"),
        ("redis+sentinel://h/a?sentinel_pasword=x", "did you mean `sentinel_password`"),
        ("rediss+sentinel://h/a?cert=/c", "one of `cert` and `key`"),
        ("redis://a,b", "neither a name nor an address"),
        ("redis://", "no host"),
        ("redis://:pw@", "no host"),
        ("redis://h:0", "a port"),
        ("redis://h:70000", "a port"),
        ("redis://h:", "a port"),
        ("redis://h/x", "a database"),
        ("redis://h/-1", "a database"),
        ("redis://h/1?db=1", "`db` twice"),
        ("redis://h?database=1", "none of db"),
        ("redis://h?dB=1", "did you mean `db`"),
        ("redis://h?ca=/a", "none of db"),
        ("rediss://h?ca=", "a `ca` that is no absolute path"),
        ("rediss://h?ca=a.pem", "a `ca` that is no absolute path"),
        ("rediss://h?ca=/a&ca=/a", "`ca` twice"),
        ("rediss://h?cert=/c", "one of `cert` and `key`"),
        ("rediss://h?insecure=1", "none of db, ca, cert, key"),
        ("redis+cluster://a,", "no host"),
        ("redis+cluster://a:x,b", "a port"),
        ("redis+cluster://a,b/1", "a database other than 0"),
        ("redis+cluster://a,b?db=0", "a cluster without TLS has none"),
        ("rediss+cluster://a,b?db=0", "none of ca, cert, key"),
        ("redis://[::1", "without its `]`"),
        ("redis://[::1]x", "something other than a port"),
        ("redis://h o", "percent-encode"),
        ("redis://h/0#x", "percent-encode"),
        ("redis://h\n", "percent-encode"),
        ("redis://a%4:p@h", "two hex digits"),
        ("redis://a%ff:p@h", "UTF-8"),
        ("unix://", "no path"),
        ("unix:///", "no path"),
        ("unix://host/run/x", "a host before the path"),
        ("unix:///run/x?user=a", "a user without a password"),
        ("unix:///run/x?usr=a", "did you mean `user`"),
    ] {
        let error = url.parse::<StoreUrl>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
        assert!(open(url, &StoreOptions::default()).is_err());
    }
}

#[test]
fn an_unknown_scheme_lists_the_known_ones() {
    for (url, suggestion) in [
        ("reddis://h", Some("did you mean `redis`")),
        ("memry://a", Some("did you mean `memory`")),
        ("unx:///p", Some("did you mean `unix`")),
        ("gopher://cache.example.com/api", None),
        ("htps://cache.example.com/api", Some("did you mean `https`")),
        // Nobody is led from an encrypted connection to a plain one.
        ("reddiss://h", Some("did you mean `rediss`")),
        ("redis+tls://h", None),
    ] {
        let error = url.parse::<StoreUrl>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{url}");
        let message = error.to_string();
        for supported in ["memory://", "memcached://", "redis://", "unix://"] {
            assert!(message.contains(supported), "{message}");
        }
        match suggestion {
            Some(suggestion) => assert!(message.contains(suggestion), "{message}"),
            None => assert!(!message.contains("did you mean"), "{message}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    /// Whatever a user types as a password, escaped or not, no output repeats a part of it.
    #[test]
    fn no_password_is_ever_shown(
        before in "[@:/?#%&=\\[\\]]{0,3}",
        after in "[@:/?#%&=\\[\\]]{0,3}",
        rest in prop::sample::select(vec!["@h", "@h:6379/0", "@h/1?db=2", "@", "@h:x", "@[::1"]),
        scheme in prop::sample::select(vec!["redis://:", "redis://", "redis://u:", "unix://u:",
            "rediss://u:", "memory://", "unix:///p?password=", "redis+sentinel://u:", "https://u:",
            "redis+sentinel://h/c?sentinel_password="]),
    ) {
        let secret = "s3cr3tXq";
        let url = format!("{scheme}{secret}{before}{secret}{after}{rest}");
        let output = match url.parse::<StoreUrl>() {
            Ok(parsed) => format!("{parsed} {parsed:?}"),
            Err(error) => format!("{error} {error:?} {:#?}", error),
        };
        // Accepted, it is where its author put it: a user or a name is shown.
        let in_plain_sight = ["redis://", "memory://"].contains(&scheme)
            && url.parse::<StoreUrl>().is_ok();
        let hidden = !output.to_ascii_lowercase().contains(&secret.to_ascii_lowercase());
        prop_assert!(hidden || in_plain_sight, "{url} -> {output}");
    }

    /// No text whatever makes the parser panic.
    #[test]
    fn any_text_is_parsed_or_refused(url in "(memcached|redis|unix|memory)://.{0,40}") {
        let _ = url.parse::<StoreUrl>();
    }
}
