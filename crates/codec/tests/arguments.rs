//! What the canonical encoding promises: one encoding per value, one value per encoding.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, HashMap, HashSet};

use cachekit_codec::arguments::{
    Bytes, Call, Container, Set, Tagged, TypeTag, Writer, to_canonical,
};
use cachekit_codec::{Error, MAX_DEPTH, Reason};
use proptest::prelude::*;
use serde::Serialize;

fn canonical<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    to_canonical(value, &mut out).unwrap();
    out
}

/// A value as the specification sees it. Maps and sets are kept sorted, so that `==` here is
/// equality of values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Map(BTreeMap<Value, Value>),
    Set(Vec<Value>),
    Standard(String, Box<Value>),
    Class(String, Box<Value>),
}

/// In which order a map's and a set's entries are handed to the writer.
#[derive(Clone, Copy)]
enum Order {
    Forwards,
    Backwards,
}

fn ordered<T>(items: impl DoubleEndedIterator<Item = T>, order: Order) -> Vec<T> {
    match order {
        Order::Forwards => items.collect(),
        Order::Backwards => items.rev().collect(),
    }
}

fn write(writer: &mut Writer<'_>, value: &Value, order: Order) -> Result<(), Error> {
    match value {
        Value::None => writer.none(),
        Value::Bool(value) => writer.bool(*value),
        Value::Int(value) => to_int(writer, *value),
        Value::Float(bits) => writer.float(f64::from_bits(*bits)),
        Value::Text(text) => writer.text(text),
        Value::Bytes(bytes) => writer.bytes(bytes),
        Value::List(items) => items_of(writer, Container::List, items.iter().collect(), order)?,
        Value::Tuple(items) => items_of(writer, Container::Tuple, items.iter().collect(), order)?,
        Value::Set(items) => items_of(writer, Container::Set, ordered(items.iter(), order), order)?,
        Value::Map(entries) => {
            let mut scope = writer.begin(Container::Map)?;
            for (key, value) in ordered(entries.iter(), order) {
                writer.entry(&mut scope);
                write(writer, key, order)?;
                write(writer, value, order)?;
            }
            writer.end(scope);
        }
        Value::Standard(name, content) => {
            let tagged = writer.begin_tagged(TypeTag::Standard(name))?;
            write(writer, content, order)?;
            writer.end_tagged(tagged);
        }
        Value::Class(name, content) => {
            let tagged = writer.begin_tagged(TypeTag::Class(name))?;
            write(writer, content, order)?;
            writer.end_tagged(tagged);
        }
    }
    Ok(())
}

fn to_int(writer: &mut Writer<'_>, value: i128) {
    use cachekit_codec::arguments::Sign;
    let sign = if value < 0 { Sign::Negative } else { Sign::NotNegative };
    writer.integer(sign, &value.unsigned_abs().to_be_bytes());
}

fn items_of(
    writer: &mut Writer<'_>,
    container: Container,
    items: Vec<&Value>,
    order: Order,
) -> Result<(), Error> {
    let mut scope = writer.begin(container)?;
    for item in items {
        writer.entry(&mut scope);
        write(writer, item, order)?;
    }
    writer.end(scope);
    Ok(())
}

fn encode(value: &Value, order: Order) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out), value, order).unwrap();
    out
}

/// Few and small leaves, so that near misses (`[1]` and `(1)`, `"1"` and `b"1"`) are common.
fn values() -> impl Strategy<Value = Value> {
    let name = || prop::sample::select(vec!["", "a", "uuid", "app.User"]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        (-2_i128..258).prop_map(Value::Int),
        any::<i128>().prop_map(Value::Int),
        prop::sample::select(vec![0.0, -0.0, 1.0, f64::INFINITY])
            .prop_map(|float: f64| Value::Float(float.to_bits())),
        "[a1()<>{}\\[\\]+N]{0,3}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let items = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            items().prop_map(Value::List),
            items().prop_map(Value::Tuple),
            items().prop_map(|mut items| {
                items.sort();
                Value::Set(items)
            }),
            prop::collection::btree_map(inner.clone(), inner.clone(), 0..4).prop_map(Value::Map),
            (name(), inner.clone()).prop_map(|(name, inner)| Value::Standard(name, inner.into())),
            (name(), inner).prop_map(|(name, inner)| Value::Class(name, inner.into())),
        ]
    })
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_two_values_share_an_encoding_and_none_begins_another(
        all in prop::collection::vec(values(), 2..24)
    ) {
        let encoded: Vec<_> = all.iter().map(|value| encode(value, Order::Forwards)).collect();
        for (value, bytes) in all.iter().zip(&encoded) {
            for (other, others) in all.iter().zip(&encoded) {
                prop_assert_eq!(value == other, bytes == others, "{:?} {:?}", value, other);
                prop_assert!(bytes == others || !bytes.starts_with(others));
            }
        }
    }

    #[test]
    fn the_order_of_maps_and_sets_does_not_matter(value in values()) {
        prop_assert_eq!(encode(&value, Order::Forwards), encode(&value, Order::Backwards));
    }

    #[test]
    fn the_order_of_parameters_does_not_matter(
        arguments in prop::collection::hash_map("[a-z]{1,4}", any::<i64>(), 0..6)
    ) {
        let call = |names: Vec<&String>| {
            let mut out = Vec::new();
            let mut call = Call::new(&mut out);
            for name in names {
                call.argument(name, &arguments[name]).unwrap();
            }
            call.finish();
            out
        };
        let mut names: Vec<_> = arguments.keys().collect();
        let as_given = call(names.clone());
        names.sort();
        prop_assert_eq!(&as_given, &call(names));
        prop_assert_eq!(&as_given, &canonical(&arguments), "a call is a map");
    }
}

#[test]
fn integers_of_every_width_agree() {
    let five = b"+\x01\x05";
    assert_eq!(canonical(&5_u8), five);
    assert_eq!(canonical(&5_i64), five);
    assert_eq!(canonical(&5_u128), five);
    assert_eq!(canonical(&-5_i8), canonical(&-5_i128));
    assert_eq!(canonical(&u64::MAX), canonical(&u128::from(u64::MAX)));
}

#[test]
fn scalars_of_different_types_differ() {
    let all =
        [canonical(&1), canonical(&1.0), canonical(&true), canonical("1"), canonical(&Bytes(b"1"))];
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    assert_eq!(canonical(&1.5_f32), canonical(&1.5_f64));
    assert_eq!(canonical(&'x'), canonical("x"));
}

#[test]
fn options_are_transparent_and_still_injective() {
    assert_eq!(canonical(&Some(5)), canonical(&5));
    assert_eq!(canonical(&None::<u8>), b"N");
    assert_eq!(canonical(&Some(None::<u8>)), b"?N");
    assert_eq!(canonical(&Some(Some(None::<u8>))), b"??N");
    assert_eq!(canonical(&Some(Some(5))), canonical(&5));
    assert_eq!(canonical(&Some(())), b"?N");
    assert_eq!(canonical(&vec![Some(None), None::<Option<u8>>]), b"[?NN]");
}

#[derive(Serialize)]
struct Filter<'a> {
    ward: &'a str,
    min_age: u8,
}

#[test]
fn a_struct_is_the_map_of_its_fields() {
    let filter = Filter { ward: "B", min_age: 65 };
    assert_eq!(canonical(&filter), b"{s\x04wards\x01Bs\x07min_age+\x01A}");
}

#[derive(Serialize)]
enum Event {
    Quiet,
    Moved(u8),
    Resized(u8, u8),
    Named { name: &'static str },
}

#[test]
fn variants_are_text_or_a_map_of_one_entry() {
    assert_eq!(canonical(&Event::Quiet), b"s\x05Quiet");
    assert_eq!(canonical(&Event::Moved(1)), b"{s\x05Moved+\x01\x01}");
    assert_eq!(canonical(&Event::Resized(1, 0)), b"{s\x07Resized(+\x01\x01+\x00)}");
    assert_eq!(canonical(&Event::Named { name: "a" }), b"{s\x05Named{s\x04names\x01a}}");
}

#[test]
fn sequences_and_tuples_differ_and_sets_have_no_order() {
    assert_eq!(canonical(&vec![1_u8]), b"[+\x01\x01]");
    assert_eq!(canonical(&(1_u8,)), b"(+\x01\x01)");
    assert_eq!(canonical(&[1_u8]), canonical(&(1,)));
    assert_eq!(canonical(&Set(vec![2, 1])), canonical(&Set(HashSet::from([1, 2]))));
    assert_ne!(canonical(&Set(vec![1])), canonical(&vec![1]));
    let nested = canonical(&Set(vec![vec![2, 1], vec![1, 2]]));
    assert_eq!(nested, b"<[+\x01\x01+\x01\x02][+\x01\x02+\x01\x01]>", "a list in a set is a list");
}

#[test]
fn hash_maps_are_sorted() {
    let many: HashMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
    let sorted: BTreeMap<_, _> = many.clone().into_iter().collect();
    assert_eq!(canonical(&many), canonical(&sorted));
}

#[test]
fn a_key_is_no_call() {
    let mut key = Vec::new();
    Call::keyed(&mut key, &("user:{user_id}", 5)).unwrap();
    assert_eq!(key, b"x\x03key(s\x0euser:{user_id}+\x01\x05)");
    let mut tagged = Vec::new();
    Call::keyed(&mut tagged, &Tagged { name: "uuid", content: 5 }).unwrap();
    assert_eq!(tagged, b"x\x03keyx\x04uuid+\x01\x05");
}

#[test]
fn a_refusal_leaves_nothing_behind_and_quotes_nothing() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("Jane Doe"))
        }
    }
    let mut out = b"before".to_vec();
    let error = to_canonical(&vec![Some(Refuses)], &mut out).unwrap_err();
    assert_eq!(error, Error::Argument { reason: Reason::Refused });
    assert!(!format!("{error} {error:?}").contains("Jane"));
    assert_eq!(Call::keyed(&mut out, &Refuses), Err(error));
    assert_eq!(out, b"before");
}

#[test]
fn endless_nesting_is_refused() {
    #[derive(Serialize)]
    struct Nested(Vec<Nested>);
    let nested = |depth: u16| (1..depth).fold(Nested(vec![]), |inner, _| Nested(vec![inner]));
    let mut out = Vec::new();
    assert!(to_canonical(&nested(MAX_DEPTH), &mut out).is_ok());
    let refused = to_canonical(&nested(MAX_DEPTH + 1), &mut out);
    assert_eq!(refused, Err(Error::TooDeep { limit: MAX_DEPTH }));
}

/// A few, so that the suite stays quick; as many as `make test-long` asks for.
fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(few))
}
