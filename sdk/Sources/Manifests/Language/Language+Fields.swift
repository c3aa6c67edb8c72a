extension Language {
    static let fieldShapes: [ObjectShape] = [
        ObjectShape(
            .field, "A field of a record type. Its key is the name of the property in the API and of the column.", common + storage,
            variants: VariantShape(discriminator: "type", doc: "The type of the field.", cases: fieldCases),
            contradictions: [("required", "required_when"), ("read_only", "read_only_when")]),
        ObjectShape(
            .linkColumn, "A field that every link of a `links` field has of its own.",
            common + [.optional("required", .boolean, default: "`false`", "Whether every link has a value.")],
            variants: VariantShape(
                discriminator: "type", doc: "The type of the column.",
                cases: fieldCases.filter { linkColumnTypes.contains($0.word) }.map { without(["unique", "sort", "search"], $0) })),
        ObjectShape(
            .eventField, "A value that an event carries.",
            common + [.optional("required", .boolean, default: "`false`", "Whether every event carries a value.")],
            variants: VariantShape(
                discriminator: "type", doc: "The type of the value.",
                cases: fieldCases.filter { eventFieldTypes.contains($0.word) }
                    .map { without(["unique", "sort", "search", "default", "inverse", "on_delete", "acyclic"], $0) })),
        ObjectShape(
            .moneyDefault, "An amount in a currency.",
            [
                .required("amount", .decimal, "The amount."),
                .optional("currency", .word(.currency), default: "the deployment's", "The currency (ISO 4217)."),
            ]),
    ]

    private static let linkColumnTypes: Set = [
        "text", "long_text", "integer", "decimal", "boolean", "date", "date_time", "duration", "choice", "url",
    ]
    private static let eventFieldTypes = linkColumnTypes.union(["money", "link", "link_any", "user", "json"])

    private static func without(_ keys: Set<String>, _ variant: VariantShape.Case) -> VariantShape.Case {
        VariantShape.Case(
            word: variant.word, doc: variant.doc, properties: variant.properties.filter { !keys.contains($0.key) }, without: [])
    }

    private static let common: [PropertyShape] = [
        .optional("label", .text(.label), default: "from the key", "What the field is called."),
        .optional("description", .text(.prose), "What it holds, for people."),
    ]

    private static let storage: [PropertyShape] = [
        .optional("required", .boolean, default: "`false`", "Whether a record must have a value; for lists, at least one."),
        .optional("read_only", .boolean, default: "`false`", "Whether only modules write the field, never a caller of the API."),
        .optional("required_when", .text(.expression), "A condition (expression language) under which a value is required."),
        .optional("read_only_when", .text(.expression), "A condition (expression language) under which the value can't be changed."),
        .optional(
            "vcard", .word(.vCardPlace), default: "none",
            "The property of vCards that the field is read from and written to: `bday`, `n/family` for a part of it, `adr;work` for one of a type."
        ),
        alsoCalled("the field"),
    ]

    /// - Parameter what: whose names they are.
    static func alsoCalled(_ what: String) -> PropertyShape {
        .optional(
            "also_called", .list(of: .text(.label), count: 1...100, isDistinct: true),
            """
            Other names of \(what), in any language, by which an import recognises columns: `[Surname, Family name]`. Case, accents and punctuation \
            don't matter.
            """)
    }

    private static let unique = PropertyShape.optional(
        "unique", .boolean, default: "`false`", "Whether two records that are not deleted may not have the same value.")

    private static let search = PropertyShape.optional(
        "search", .keyword(searchWeights), "Whether a search looks at the field, and how much it counts to be found there.")

    private static func defaulted(_ shape: ValueShape, _ doc: String = "The value of a new record that brings none.") -> PropertyShape {
        .optional("default", shape, doc)
    }

    private static func field(_ word: String, _ doc: String, _ properties: [PropertyShape] = [], without: Set<String> = [])
        -> VariantShape.Case
    {
        VariantShape.Case(word: word, doc: doc, properties: properties, without: without)
    }

    private static let target = PropertyShape.required("to", .word(.typeReference), "The record type that is linked to.")
    private static let inverse = PropertyShape.optional(
        "inverse", .word(.inverseKey), "The name under which the linked record sees the records that link to it.")
    private static let deletePolicies = [
        Keyword(word: "clear", doc: "The link is emptied."),
        Keyword(word: "restrict", doc: "The purge is refused."),
        Keyword(word: "cascade", doc: "The records that link are purged too."),
    ]

    private static let fieldCases: [VariantShape.Case] = [
        field(
            "text", "Text that is shown on one line; prose is `long_text`.",
            textLimits + [
                .optional(
                    "sort", .word(.language), default: "by code point",
                    "The language (BCP 47) whose order lists are sorted by. It has an index of its own and no effect on comparisons."),
                search, unique, defaulted(.text(.content)),
            ]),
        field(
            "long_text", "Text of any length, in Markdown.",
            [.optional("length", .object(.lengthRange), "The allowed length."), search, defaulted(.text(.content))]),
        field("integer", "A whole number of 64 bits.", [integerRange, unique, defaulted(.integer(.min ... .max))]),
        field("decimal", "A decimal number of exact digits.", decimalLimits + [unique, defaulted(.decimal)]),
        field(
            "money", "An amount in a currency. In the API the amount has the field's name and the currency that name with `_currency`.",
            [.optional("range", .object(.decimalRange), "The allowed amounts, whatever the currency."), defaulted(.object(.moneyDefault))]),
        field("boolean", "`true` or `false`.", [defaulted(.boolean)]),
        field("date", "A day.", [.optional("range", .object(.dateRange), "The allowed days."), unique, defaulted(.word(.dateDefault))]),
        field(
            "date_time", "A moment, to the microsecond.",
            [.optional("range", .object(.dateTimeRange), "The allowed moments."), unique, defaulted(.word(.dateTimeDefault))]),
        field("duration", "A length of time, of days and shorter units.", [durationRange, defaulted(.word(.duration))]),
        field("choice", "One of a list of choices.", [choices, search, unique, defaulted(.word(.key))]),
        field(
            "multi_choice", "Several of a list of choices.",
            [
                choices, search,
                defaulted(.list(of: .word(.key), count: 1...500, isDistinct: true), "The values of a new record that brings none."),
            ]),
        field(
            "emails",
            "Mail addresses, each with a type, one of them primary, which is also `primary_email`. One such field per record type.",
            [channels, search]),
        field(
            "phones",
            "Phone numbers, each with a type, one of them primary, which is also `primary_phone`. One such field per record type.",
            [channels, search]),
        field("url", "A web address.", textLimits + [search, unique, defaulted(.word(.webAddress))]),
        field("address", "A postal address: `address/city` and so on in expressions.", [search]),
        field(
            "tags", "Free words.",
            [
                .optional("max", .integer(1...1000), default: "`100`", "How many a record may have."),
                search,
                defaulted(.list(of: .text(.tag), count: 1...100, isDistinct: true), "The tags of a new record that brings none."),
            ]),
        field(
            "link", "A link to one record. Its id alone has the field's name with `_id`.",
            [
                target, inverse, search, unique,
                .optional(
                    "on_delete", .keyword(deletePolicies), default: "`clear`", "What becomes of the link when its target is purged."),
                .optional(
                    "acyclic", .boolean, default: "`false`",
                    """
                    Whether following the link never leads back to where one came from: for parents. Only for links to the field's own record type. \
                    Deleted records count, since they may be restored.
                    """),
            ]),
        field(
            "links", "Links to many records of one type, with columns on the link.",
            [
                target, inverse,
                .optional(
                    "primary", .word(.key),
                    "A `link` field of the same record type and to the same type, kept in step with the link that is flagged primary."),
                .optional(
                    "columns", .map(key: .linkColumnKey, of: .object(.linkColumn), count: 0...50),
                    "The fields that every link has of its own, by key."),
            ]),
        field(
            "link_any", "A link to one record of one of several types. The id has the field's name with `_id`, the type that with `_type`.",
            [.required("to", .list(of: .word(.typeReference), count: 1...50, isDistinct: true), "The types that may be linked to.")]),
        field("user", "A user of the system. The id alone has the field's name with `_id`."),
        field("file", "A stored file."),
        field("json", "Any JSON value."),
        field(
            "auto_number", "A number made by the store when a record is made; unique, and never changed.",
            [
                .required(
                    "pattern", .word(.autoNumber),
                    """
                    How it is written: text with `{yyyy}`, `{yy}`, `{mm}` and one counter of zeros such as `{0000}`, which begins anew with each \
                    month or year that the pattern shows.
                    """),
                search,
            ], without: ["required", "read_only", "required_when", "read_only_when", "also_called"]),
    ]

    private static let channels = PropertyShape.optional("max", .integer(1...100), default: "`20`", "How many a record may have.")
}
