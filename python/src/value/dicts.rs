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
        if !(layouts::FEWEST..=layouts::MOST).contains(&count) {
            let dict = PyDict::new(self.py);
            self.fill(&dict, count)?;
            return Ok(dict);
        }
        self.enter()?;
        let token = self.reader.token()?;
        let first = match token {
            Token::Text(text) => Image::of(text),
            _ => None,
        };
        let known = first.and_then(|first| Some((self.keys.layouts.get(count, &first)?, first)));
        let dict = match known {
            Some((layout, first)) => self.laid_out(&layout, first)?,
            None => {
                let dict = PyDict::new(self.py);
                self.go_on(&dict, token, count)?;
                if let Some(first) = first {
                    self.keys.layouts.note(first, &dict);
                }
                dict
            }
        };
        self.leave();
        Ok(dict)
    }

    /// A dictionary that is likely to have these keys, and whose first one was read.
    fn laid_out(
        &mut self,
        layout: &Layout,
        first: Image,
    ) -> Result<Bound<'py, PyDict>, ValueError> {
        let dict = layout.blank(self.py)?;
        for (index, (expected, key)) in layout.keys().iter().enumerate() {
            if index > 0 && !self.reader.skip(expected) {
                return self.laid_out_anew(layout, &dict, index, first);
            }
            let value = self.value()?;
            dict.set_item(key.bind(self.py), value)?;
        }
        Ok(dict)
    }

    /// Goes on key by key from the one that is another, in a dictionary that never had the rest.
    #[cold]
    fn laid_out_anew(
        &mut self,
        layout: &Layout,
        guess: &Bound<'py, PyDict>,
        index: usize,
        first: Image,
    ) -> Result<Bound<'py, PyDict>, ValueError> {
        let token = self.reader.token()?;
        let (dict, count) = (PyDict::new(self.py), layout.keys().len());
        for (_, key) in layout.keys().iter().take(index) {
            dict.set_item(key, guess.as_any().get_item(key)?)?;
        }
        self.keys.layouts.differs(count, first);
        self.go_on(&dict, token, count)?;
        Ok(dict)
    }

    /// Reads the rest of `count` pairs key by key; the next key begins with `token`.
    fn go_on(
        &mut self,
        dict: &Bound<'py, PyDict>,
        token: Token<'a>,
        count: usize,
    ) -> Result<(), ValueError> {
        let behind = count.saturating_sub(dict.len() + 1);
        self.pair(dict, token)?;
        self.pairs(dict, behind)?;
        self.distinct(dict.len(), count)
    }

    /// Reads `count` pairs into an empty dictionary, or into a subclass of one.
    pub(crate) fn fill(
        &mut self,
        dict: &Bound<'py, PyDict>,
        count: usize,
    ) -> Result<(), ValueError> {
        self.enter()?;
        self.pairs(dict, count)?;
        self.leave();
        self.distinct(dict.len(), count)
    }

    fn pairs(&mut self, dict: &Bound<'py, PyDict>, count: usize) -> Result<(), ValueError> {
        for _ in 0..count {
            let token = self.reader.token()?;
            self.pair(dict, token)?;
        }
        Ok(())
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
