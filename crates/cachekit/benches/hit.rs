//! What a first-level hit of a six-field struct costs: through the attribute and through a `Cache`,
//! sealed and plain. The same hit beside other crates is in `benches/peers`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Duration;

use cachekit::{Cache, cached, configure};
use criterion::{Criterion, criterion_group, criterion_main};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Patient {
    id: u64,
    name: String,
    email: String,
    age: u32,
    active: bool,
    balance: f64,
}

fn patient(id: u64) -> Patient {
    Patient {
        id,
        name: "Ada Lovelace".into(),
        email: "ada@example.com".into(),
        age: 36,
        active: true,
        balance: 1234.5,
    }
}

#[cached(secure, ttl = "1h")]
fn sealed(id: u64) -> Patient {
    patient(id)
}

#[cached(ttl = "1h")]
fn plain(id: u64) -> Patient {
    patient(id)
}

static EXPLICIT: LazyLock<Cache> =
    LazyLock::new(|| Cache::builder().memory_only().secure("5e0b17".repeat(11)).build().unwrap());

#[cached(cache = EXPLICIT, secure, ttl = "1h")]
fn sealed_explicit(id: u64) -> Patient {
    patient(id)
}

fn hits(c: &mut Criterion) {
    configure(Cache::builder().memory_only().secure("5e0b17".repeat(11))).unwrap();
    let mut group = c.benchmark_group("l1_hit_six_fields");
    group.bench_function("cached_sealed", |b| b.iter(|| sealed(black_box(7))));
    group.bench_function("cached_sealed_explicit_cache", |b| {
        b.iter(|| sealed_explicit(black_box(7)));
    });
    group.bench_function("cached_plain", |b| b.iter(|| plain(black_box(7))));
    let keyed = &*EXPLICIT;
    keyed.blocking().set(&7_u64, &patient(7), Duration::from_secs(3600)).unwrap();
    group.bench_function("cache_get_sealed", |b| {
        b.iter(|| keyed.blocking().get::<Patient>(&black_box(7_u64)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, hits);
criterion_main!(benches);
