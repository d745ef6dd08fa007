use cachekit::cached;

struct Shop;

impl Shop {
    #[cached]
    fn what_of_self(&self, id: u64) -> u64 {
        id
    }
}

#[cached]
fn nothing_to_cache(id: u64) {
    drop(id);
}

#[cached]
fn hidden(id: u64) -> impl std::fmt::Display {
    id
}

#[cached]
fn pattern((a, b): (u64, u64)) -> u64 {
    a + b
}

#[cached]
fn anything(value: impl serde::Serialize) -> u64 {
    0
}

#[cached]
const fn constant(id: u64) -> u64 {
    id
}

#[cached]
struct NotAFunction;

fn main() {}
