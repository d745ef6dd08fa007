//! Every step of the derivation.

use cachekit_seal::danger::{expand, extract, master_secrets, seal_key};
use cachekit_seal::{MasterKey, NamingKey};
use serde_json::{Value, json};

use crate::scene::{
    CLINIC, ERASABLE, LONG_MASTER, MASTER, NAMING, NOBODYS, Whose, bytes, nonce, single,
};

const UMLAUT: Whose = Whose { tenant: Some("Zürich/東"), secret: None };

pub(crate) fn vectors() -> Vec<Value> {
    vec![
        vector("no tenant", MASTER, NOBODYS, None),
        vector("a tenant", MASTER, CLINIC, None),
        vector("a tenant with a secret of its own", MASTER, ERASABLE, None),
        vector("a tenant outside ASCII", MASTER, UMLAUT, None),
        vector("a master key of 48 bytes", LONG_MASTER, CLINIC, None),
        vector("names from a naming key", MASTER, CLINIC, Some(NAMING)),
        vector("one byte repeated: works, and is warned of", &"a".repeat(64), NOBODYS, None),
    ]
}

fn vector(comment: &str, master: &str, whose: Whose, naming: Option<&str>) -> Value {
    let key = MasterKey::from_hex(master).unwrap();
    let (prk, own_naming) = master_secrets(&key);
    assert_eq!(prk, extract(b"cachekit/2 master", &bytes(master)).unwrap());
    let n = extract(b"cachekit/2 naming", &bytes(naming.unwrap_or(master))).unwrap();
    assert!(naming.is_some() || n == own_naming);

    let info = tenant_info(whose);
    let secret = whose.secret.map(bytes).unwrap_or_default();
    let tenant_salt = expand(&prk, &[&info]).unwrap();
    let k_t = extract(&tenant_salt, &secret).unwrap();
    let k_seal = expand(&k_t, &[b"cachekit/2 seal"]).unwrap();
    let mut ring = single(master);
    if let Some(naming) = naming {
        ring = ring.with_naming_key(NamingKey::from_hex(naming).unwrap());
    }
    assert_eq!(k_seal, seal_key(&whose.keys(&ring), 0).unwrap());

    let sid = nonce(0).sid;
    let session = expand(&k_seal, &[b"cachekit/2 session", &[1], &sid]).unwrap();
    let naming_salt = expand(&n, &[&info]).unwrap();
    let k_name = expand(&extract(&naming_salt, &secret).unwrap(), &[b"cachekit/2 name"]).unwrap();
    json!({
        "comment": comment,
        "master": master,
        "naming_key": naming,
        "tenant": whose.tenant,
        "tenant_secret": whose.secret,
        "sid": hex::encode(sid),
        "prk": hex::encode(prk),
        "kid": hex::encode(key.id()),
        "tenant_info": hex::encode(info),
        "tenant_salt": hex::encode(tenant_salt),
        "k_t": hex::encode(k_t),
        "k_seal": hex::encode(k_seal),
        "session_key": hex::encode(session),
        "n": hex::encode(n),
        "naming_salt": hex::encode(naming_salt),
        "k_name": hex::encode(k_name),
    })
}

fn tenant_info(whose: Whose) -> Vec<u8> {
    match whose.tenant {
        None => b"cachekit/2 no tenant".to_vec(),
        Some(name) => {
            let length = u16::try_from(name.len()).unwrap().to_be_bytes();
            [b"cachekit/2 tenant", &length[..], name.as_bytes()].concat()
        }
    }
}
