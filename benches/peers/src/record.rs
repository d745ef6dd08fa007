//! What is cached: the six fields of the Python benches.

use serde::{Deserialize, Serialize};

/// A user, more or less.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    id: u64,
    name: String,
    email: String,
    active: bool,
    balance: f64,
    roles: Vec<String>,
}

impl Record {
    pub fn example() -> Self {
        Self {
            id: 4711,
            name: "Jane Roe".to_owned(),
            email: "jane.roe@example.org".to_owned(),
            active: true,
            balance: 1204.5,
            roles: vec!["reader".to_owned(), "editor".to_owned()],
        }
    }
}
