//! Dictionaries, pair by pair or as a copy of one like it.

use cachekit::engine::codec::wire::Token;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::decode::Decoder;
use super::error::ValueError;
use super::image::Image;
use super::layouts::{self, Layout};

impl<'a, 'py> Decoder<'a, 'py> {
    /// A dictionary, as a copy of one with the same keys if such a one was read before.
    #[inline(never)]
    pub(crate) fn dict(&mut self, count: usize) -> Result<Bound<'py, PyDict>, ValueError> {
        let Some(first) = self.first_key(count) else { return self.new_dict(count) };
        match self.keys.layouts.get(count, &first) {
            Some(layout) => self.laid_out(&layout),
            None => {
                let dict = self.new_dict(count)?;
                self.keys.layouts.note(first, &dict);
                Ok(dict)
            }
        }
    }

    /// The key that comes next, where it is worth asking which ones will follow.
    fn first_key(&self, count: usize) -> Option<Image> {
        if !(layouts::FEWEST..=layouts::MOST).contains(&count) {
            return None;
        }
        match self.reader.clone().token() {
            Ok(Token::Text(text)) => Image::of(text),
            _ => None,
        }
    }

    fn new_dict(&mut self, count: usize) -> Result<Bound<'py, PyDict>, ValueError> {
        let dict = PyDict::new(self.py);
        self.fill(&dict, count)?;
        Ok(dict)
    }

    /// A dictionary that is likely to have these keys.
    fn laid_out(&mut self, layout: &Layout) -> Result<Bound<'py, PyDict>, ValueError> {
        let dict = layout.blank(self.py)?;
        self.enter()?;
        for (index, (image, key)) in layout.keys().iter().enumerate() {
            match self.reader.token()? {
                Token::Text(text) if Image::of(text).is_some_and(|read| read.is(image)) => {
                    let value = self.value()?;
                    dict.set_item(key.bind(self.py), value)?;
                }
                token => return self.laid_out_anew(layout, &dict, index, token),
            }
        }
        self.leave();
        Ok(dict)
    }

    /// Goes on key by key from the one that is another, in a dictionary that never had the rest.
    #[cold]
    fn laid_out_anew(
        &mut self,
        layout: &Layout,
        guess: &Bound<'py, PyDict>,
        index: usize,
        token: Token<'a>,
    ) -> Result<Bound<'py, PyDict>, ValueError> {
        let (dict, count) = (PyDict::new(self.py), layout.keys().len());
        for (_, key) in layout.keys().iter().take(index) {
            dict.set_item(key, guess.as_any().get_item(key)?)?;
        }
        if let Some((first, _)) = layout.keys().first() {
            self.keys.layouts.differs(count, *first);
        }
        self.pair(&dict, token)?;
        for _ in index + 1..count {
            let token = self.reader.token()?;
            self.pair(&dict, token)?;
        }
        self.leave();
        self.distinct(dict.len(), count)?;
        Ok(dict)
    }

    /// Reads `count` pairs into an empty dictionary, or into a subclass of one.
    pub(crate) fn fill(
        &mut self,
        dict: &Bound<'py, PyDict>,
        count: usize,
    ) -> Result<(), ValueError> {
        self.enter()?;
        for _ in 0..count {
            let token = self.reader.token()?;
            self.pair(dict, token)?;
        }
        self.leave();
        self.distinct(dict.len(), count)
    }

    /// A pair whose key begins with a token that was read already.
    #[inline(always)]
    fn pair(&mut self, dict: &Bound<'py, PyDict>, token: Token<'a>) -> Result<(), ValueError> {
        match token {
            // The key is looked up after its value is read: it is then only borrowed.
            Token::Text(text) => {
                let value = self.value()?;
                self.keys.set_item(dict, text, value)
            }
            token => {
                let key = self.built(token)?;
                let value = self.value()?;
                Ok(dict.set_item(key, value)?)
            }
        }
    }
}
