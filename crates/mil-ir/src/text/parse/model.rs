//! The `model { … }` section.

use crate::text::lexer::Token;
use crate::text::parse::types::Extras;
use crate::text::parse::{Parser, Result, VALUE_MEMORY};
use crate::{
    ArrayFeature, ColorSpace, DictionaryKey, Feature, FeatureKind, Flexibility, FunctionInterface,
    ImageFeature, Interface, Metadata, SequenceElement, SizeFlexibility, SizeRange,
};

impl Parser<'_, '_> {
    pub(super) fn interface(&mut self) -> Result<Interface> {
        self.expect_word("model", "for a `model` section")?;
        let mut interface = Interface::default();
        self.section(
            &[
                "specification_version",
                "multifunction",
                "updatable",
                "default_function",
                "function",
                "training_input",
                "metadata",
                "carried",
                "model_carried",
            ],
            |parser, key| {
                match key {
                    "multifunction" => interface.multifunction = true,
                    "updatable" => interface.updatable = true,
                    "function" => {
                        let start = parser.start;
                        let name = parser.name("the name of a function")?;
                        let features = parser.features()?;
                        if interface.functions.insert(name.clone(), features).is_some() {
                            return Err(parser.duplicate(start, "function", name));
                        }
                    }
                    "training_input" => interface.training_inputs.push(parser.feature()?),
                    "metadata" => interface.metadata = parser.metadata()?,
                    "specification_version" => {
                        parser.expect("=", "after a key")?;
                        interface.specification_version = parser.integer("a number")?;
                    }
                    "default_function" => {
                        interface.default_function = Some(parser.text_entry()?.as_str().into());
                    }
                    "carried" => interface.carried = parser.unknown()?,
                    _ => interface.model_carried = parser.unknown()?,
                }
                Ok(())
            },
        )?;
        Ok(interface)
    }

    /// `{ key …; key …; }`, where `entry` reads what follows a key.
    fn section(&mut self, keys: &[&str], mut entry: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        self.expect("{", "before the entries of a section")?;
        while !self.eat("}")? {
            let key = match self.token {
                Token::Word(word) => keys.iter().find(|key| **key == word),
                _ => None,
            };
            let Some(&key) = key else {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                return Err(self.expected(format!("one of {} or `}}`", keys.join(", "))));
            };
            self.charge(VALUE_MEMORY)?;
            self.bump()?;
            entry(self, key)?;
            self.expect(";", "after an entry")?;
        }
        Ok(())
    }

    /// `= "text"`.
    fn text_entry(&mut self) -> Result<String> {
        self.expect("=", "after a key")?;
        Ok(self.string("a string")?.into_owned())
    }

    /// `= "hex"`.
    fn unknown(&mut self) -> Result<Option<Box<crate::Carried>>> {
        self.expect("=", "after a key")?;
        Ok(self.carried()?.boxed())
    }

    fn features(&mut self) -> Result<FunctionInterface> {
        let mut features = FunctionInterface::default();
        let keys = ["input", "output", "state", "predicted_feature", "predicted_probabilities", "carried"];
        self.section(&keys, |parser, key| {
            match key {
                "input" => features.inputs.push(parser.feature()?),
                "output" => features.outputs.push(parser.feature()?),
                "state" => features.states.push(parser.feature()?),
                "predicted_feature" => features.predicted_feature = parser.text_entry()?.into(),
                "predicted_probabilities" => features.predicted_probabilities = parser.text_entry()?.into(),
                _ => features.carried = parser.unknown()?,
            }
            Ok(())
        })?;
        Ok(features)
    }

    fn metadata(&mut self) -> Result<Metadata> {
        let mut metadata = Metadata { present: true, ..Metadata::default() };
        let keys = ["description", "version", "author", "license", "user", "carried"];
        self.section(&keys, |parser, key| {
            match key {
                "description" => metadata.description = parser.text_entry()?,
                "version" => metadata.version = parser.text_entry()?,
                "author" => metadata.author = parser.text_entry()?,
                "license" => metadata.license = parser.text_entry()?,
                "user" => {
                    parser.expect("[", "after `user`")?;
                    let start = parser.start;
                    let key = parser.string("a key")?.into_owned();
                    parser.expect("]", "after a key")?;
                    let text = parser.text_entry()?;
                    if metadata.user_defined.insert(key.clone(), text).is_some() {
                        return Err(parser.duplicate(start, "key", key));
                    }
                }
                _ => metadata.carried = parser.unknown()?,
            }
            Ok(())
        })?;
        Ok(metadata)
    }

    /// `name: KIND @{…}`.
    fn feature(&mut self) -> Result<Feature> {
        let name = self.name("the name of a feature")?;
        self.expect(":", "after the name of a feature")?;
        let kind = if self.eat("?")? { None } else { Some(self.feature_kind()?) };
        let Extras { doc, optional, carried, .. } = self.extras(&["optional", "doc", "carried"])?;
        Ok(Feature { name, doc: doc.unwrap_or_default(), kind, optional, carried })
    }

    fn feature_kind(&mut self) -> Result<FeatureKind> {
        let Token::Word(word) = self.token else { return Err(self.expected("the kind of a feature")) };
        let kind = match word {
            "int64" => FeatureKind::Int64,
            "double" => FeatureKind::Double,
            "string" => FeatureKind::String,
            "array" => return self.array().map(FeatureKind::Array),
            "image" => return self.image().map(FeatureKind::Image),
            "dictionary" => {
                self.bump()?;
                self.expect("<", "after `dictionary`")?;
                let key = match self.token {
                    Token::Word("int64") => DictionaryKey::Int64,
                    Token::Word("string") => DictionaryKey::String,
                    Token::Mark("?") => DictionaryKey::Unspecified,
                    _ => return Err(self.expected("`int64`, `string` or `?`")),
                };
                self.bump()?;
                self.expect(">", "after the type of keys")?;
                return Ok(FeatureKind::Dictionary(key));
            }
            "sequence" => {
                self.bump()?;
                self.expect("<", "after `sequence`")?;
                let element = match self.token {
                    Token::Word("int64") => Some(SequenceElement::Int64),
                    Token::Word("string") => Some(SequenceElement::String),
                    Token::Mark("?") => None,
                    _ => return Err(self.expected("`int64`, `string` or `?`")),
                };
                self.bump()?;
                let length = if self.eat(",")? { Some(self.range()?) } else { None };
                self.expect(">", "after a sequence")?;
                return Ok(FeatureKind::Sequence { element, length });
            }
            "state" => {
                self.bump()?;
                self.expect("<", "after `state`")?;
                let contents = if self.eat("?")? { None } else { Some(self.array()?) };
                self.expect(">", "after the contents of a state")?;
                return Ok(FeatureKind::State(contents));
            }
            _ => return Err(self.expected("the kind of a feature, for example `array` or `image`")),
        };
        self.bump()?;
        Ok(kind)
    }

    fn array(&mut self) -> Result<ArrayFeature> {
        self.expect_word("array", "for an array")?;
        self.expect("<", "after `array`")?;
        let data_type = match self.token {
            Token::Number(_) => self.integer("the number of an element type")?,
            _ => {
                let start = self.start;
                let dtype = self.dtype()?;
                let array = ArrayFeature::new(dtype, Vec::new());
                array
                    .ok_or_else(|| {
                        self.bad_value(start, format!("no array feature has elements of type {dtype}"))
                    })?
                    .data_type
            }
        };
        self.expect(",", "after the element type")?;
        let mut array = ArrayFeature { shape: self.sizes()?, data_type, ..ArrayFeature::default() };
        while self.eat(",")? {
            match self.token {
                Token::Word("enumerated") if array.flexibility.is_none() => {
                    self.bump()?;
                    self.expect("=", "after `enumerated`")?;
                    array.flexibility = Some(Flexibility::Enumerated(self.items("a shape", Parser::sizes)?));
                }
                Token::Word("ranges") if array.flexibility.is_none() => {
                    self.bump()?;
                    self.expect("=", "after `ranges`")?;
                    array.flexibility = Some(Flexibility::Ranges(self.items("a range", Parser::range)?));
                }
                Token::Word("default") if array.default_value.is_none() => {
                    self.bump()?;
                    self.expect("=", "after `default`")?;
                    array.default_value = Some(self.hex()?.into());
                }
                _ => return Err(self.expected("one of `enumerated`, `ranges`, `default`, each once")),
            }
        }
        self.expect(">", "after an array")?;
        Ok(array)
    }

    fn image(&mut self) -> Result<ImageFeature> {
        self.expect_word("image", "for an image")?;
        self.expect("<", "after `image`")?;
        let color = match self.token {
            Token::Number(_) => self.integer("the number of a color space")?,
            Token::Word(word) => {
                let space = ColorSpace::ALL.into_iter().find(|space| space.name() == word);
                let space = space.ok_or_else(|| self.expected("a color space, for example `rgb`"))?;
                self.bump()?;
                space.number()
            }
            _ => return Err(self.expected("a color space, for example `rgb`")),
        };
        self.expect(",", "after the color space")?;
        let start = self.start;
        let [width, height] = self.sizes()?[..] else {
            return Err(self.bad_value(start, "an image has a width and a height"));
        };
        let mut image = ImageFeature { width, height, color, flexibility: None };
        if self.eat(",")? {
            image.flexibility = Some(self.size_flexibility()?);
        }
        self.expect(">", "after an image")?;
        Ok(image)
    }

    fn size_flexibility(&mut self) -> Result<SizeFlexibility> {
        if self.eat_word("enumerated")? {
            self.expect("=", "after `enumerated`")?;
            let sizes = self.items("a size", |parser| {
                parser.expect("[", "before a size")?;
                let width = parser.integer("a width")?;
                parser.expect(",", "after the width")?;
                let height = parser.integer("a height")?;
                parser.expect("]", "after a size")?;
                Ok((width, height))
            })?;
            return Ok(SizeFlexibility::Enumerated(sizes));
        }
        self.expect_word("ranges", "or `enumerated`")?;
        self.expect("=", "after `ranges`")?;
        let start = self.start;
        let ranges = self
            .items("a range", |parser| if parser.eat("?")? { Ok(None) } else { parser.range().map(Some) })?;
        match ranges[..] {
            [width, height] => Ok(SizeFlexibility::Range(width, height)),
            _ => Err(self.bad_value(start, "an image has a range of widths and a range of heights")),
        }
    }

    /// `[item, item]`.
    fn items<T>(&mut self, what: &str, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect("[", &format!("before {what}"))?;
        let mut items = Vec::new();
        self.list("]", what, |parser| {
            parser.charge(32)?;
            items.push(item(parser)?);
            Ok(())
        })?;
        Ok(items)
    }

    fn sizes(&mut self) -> Result<Vec<i64>> {
        self.items("a size", |parser| parser.integer("a size"))
    }

    /// `1..512`; a negative upper bound stands for none.
    fn range(&mut self) -> Result<SizeRange> {
        let lower = self.integer("the lower bound of a range")?;
        self.expect("..", "after the lower bound of a range")?;
        Ok(SizeRange { lower, upper: self.integer("the upper bound of a range")? })
    }
}
