//! What the attribute accepts, and what it says about the rest.
//!
//! The text of an error is a feature: it is kept in `fail/*.stderr`. `TRYBUILD=overwrite` renews it.

#[test]
fn accepts_and_refuses() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/pass/*.rs");
    cases.compile_fail("tests/fail/*.rs");
}
