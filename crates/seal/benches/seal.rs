//! What sealing costs: `cargo bench -p cachekit-seal`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may stop"
)]

use std::hint::black_box;

use cachekit_process::{UnixMillis, writer};
use cachekit_seal::{
    Compression, Content, Keyring, Kind, MasterKey, Name, NameFields, OpenLimits, Purpose, Scratch,
    Tenant, TenantKeys, plain,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const NOW: UnixMillis = UnixMillis(1_790_812_800_000);
const TENANT: Tenant<'_> = Tenant::Named { name: "clinic-7", secret: None };
const FIELDS: NameFields<'_> = NameFields {
    purpose: Purpose::Entry,
    prefix: "ck:",
    namespace: "",
    operation: "app.records.load",
    version: "",
    schema: "",
    arguments: &[7; 32],
};

fn ring() -> Keyring {
    let key: Vec<u8> = (0..32).collect();
    Keyring::single(MasterKey::from_bytes(&key).unwrap())
}

fn keys() -> (TenantKeys, Name) {
    let keys = ring().tenant(&TENANT).unwrap();
    let name = keys.names(NOW, &FIELDS).unwrap()[0];
    (keys, name)
}

fn content(body: &[u8]) -> Content<'_> {
    Content {
        kind: Kind::Value,
        serializer: 1,
        compression: Compression::None,
        created: NOW,
        fresh_until: UnixMillis(NOW.0 + 300_000),
        stale_window_ms: 0,
        generation: [7; 8],
        tags: &[],
        body,
    }
}

fn sealing(c: &mut Criterion) {
    let (keys, name) = keys();
    for length in [199, 4_000, 60_000] {
        let body = vec![5; length];
        let mut group = c.benchmark_group("seal");
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(format!("{length} B"), |b| {
            b.iter(|| keys.seal(NOW, &name, &content(black_box(&body))).unwrap());
        });
    }
}

fn opening(c: &mut Criterion) {
    let (keys, name) = keys();
    let limits = OpenLimits::new(Purpose::Entry);
    for length in [199, 4_000, 60_000] {
        let body = vec![5; length];
        let sealed = keys.seal(NOW, &name, &content(&body)).unwrap();
        let (session, bytes) = (sealed.session().clone(), sealed.into_bytes());
        let mut scratch = Scratch::new();
        let mut group = c.benchmark_group("open");
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(format!("{length} B, from memory"), |b| {
            b.iter(|| {
                let opened = session.reopen(&name, black_box(&bytes), &mut scratch).ok().unwrap();
                black_box(opened.into_body().unwrap().len())
            });
        });
        group.bench_function(format!("{length} B, known session"), |b| {
            b.iter(|| {
                let bytes = black_box(&bytes);
                let opened = keys.open(NOW, &name, &limits, bytes, &mut scratch).ok().unwrap();
                black_box(opened.into_body().unwrap().len())
            });
        });
    }
}

/// Every iteration opens an entry of a writer that was never met before.
fn opening_new_sessions(c: &mut Criterion) {
    let (keys, name) = keys();
    let limits = OpenLimits::new(Purpose::Entry);
    let mut scratch = Scratch::new();
    c.bench_function("open/199 B, new session", |b| {
        b.iter_batched(
            || {
                writer::reseed();
                keys.seal(NOW, &name, &content(&[5; 199])).unwrap().into_bytes()
            },
            |bytes| keys.open(NOW, &name, &limits, &bytes, &mut scratch).ok().unwrap().kind(),
            BatchSize::SmallInput,
        );
    });
}

fn setting_up(c: &mut Criterion) {
    let ring = ring();
    c.bench_function("tenant", |b| b.iter(|| ring.tenant(black_box(&TENANT)).unwrap()));
    let (keys, _) = keys();
    c.bench_function("names", |b| b.iter(|| keys.names(NOW, black_box(&FIELDS)).unwrap()));
    c.bench_function("nonce", |b| b.iter(|| writer::take(black_box(308))));
}

fn plain_entries(c: &mut Criterion) {
    let bytes = plain::encode(&content(&[5; 199])).unwrap();
    let mut scratch = Scratch::new();
    c.bench_function("plain/reopen 199 B", |b| {
        b.iter(|| {
            let opened = plain::reopen(black_box(&bytes), &mut scratch).ok().unwrap();
            black_box(opened.into_body().unwrap().len())
        });
    });
}

criterion_group!(benches, sealing, opening, opening_new_sessions, setting_up, plain_entries);
criterion_main!(benches);
