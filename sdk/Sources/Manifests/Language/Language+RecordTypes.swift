extension Language {
    // MARK: Record types

    static let recordTypeParts: [ObjectShape] = [
        ObjectShape(
            .recordType, "A record type: one table, one collection of the API.",
            [
                .required(
                    "collection", .word(.collectionKey), "The name of the collection in the API, unique over the deployment: `people`."),
                .optional("label", .text(.label), default: "from the key", "What one record is called."),
                .optional("label_plural", .text(.label), default: "from the collection", "What several records are called."),
                .optional("description", .text(.prose), "What the type is for."),
                alsoCalled("the records"),
                .optional(
                    "display", .word(.key), default: "`id`",
                    "The field whose value names a record to people: of type text, url, choice, integer, date or auto_number."),
                .required("fields", fieldMap, "The fields, by key. Their order is the order of columns and forms."),
                .optional(
                    "inherits", .word(.key),
                    "The field of type link, required, that leads to the record whose rights are the record's too: who may read that one reads "
                        + "it, who may update that one makes, changes and deletes it. Without it, roles say so themselves."),
                .optional("indexes", indexList, "Indexes, beside those that unique fields and links have anyway."),
                .optional("unique", uniqueList, "Combinations of fields that may not occur twice."),
                .optional("rules", ruleList, "Conditions that every record fulfils."),
                .optional(
                    "only", onlyRules, "Conditions outside of which nobody but administrators reaches a record, by a key of your choice."),
                .optional(
                    "etag_required", .boolean, default: "`false`",
                    "Whether a change must name the version that it changes (`If-Match`), and is refused with 428 without."),
            ]),
        ObjectShape(
            .index, "An index over one or several fields.",
            [
                .required(
                    "fields", indexedFields, "The fields, most significant first. System fields such as `created_at` may be among them.")
            ]),
        ObjectShape(
            .unique, "A combination of fields whose values may not occur twice among the records that are not deleted.",
            [
                .required("fields", indexedFields, "The fields, most significant first."),
                .optional(
                    "message", .text(.sentence), default: "from the labels", "The sentence to show when the combination exists already."),
            ]),
        ObjectShape(
            .rule, "A condition that every record of a type fulfils. The store checks it, so it holds on every way in.",
            [
                .required("id", .word(.key), "Its key, unique in the type."),
                .required(
                    "check", .text(.expression),
                    "The condition (expression language). A record is refused when it is false. It isn't asked while any field that it names is "
                        + "empty, unless it compares with null itself."),
                .required("message", .text(.sentence), "The sentence to show."),
                .optional("fields", .list(of: .word(.key), count: 0...20, isDistinct: true), "The fields to show it at."),
            ]),
        ObjectShape(
            .choice, "A value that a choice field can take. The order of the file is the order to sort and show them in.",
            [
                .optional("label", .text(.label), default: "from the key", "What people see."),
                .optional(
                    "color", .keyword(ChoiceColor.allCases.map { Keyword(word: $0.rawValue, doc: "") }), "The colour that people see."),
                .optional(
                    "category", .word(.key), "A word that code and reports rely on when choices are renamed or added: `open`, `won`."),
                .optional("retired", .boolean, default: "`false`", "Whether records may keep the value but no longer get it."),
            ]),
    ]

    static let additions: [ObjectShape] = [
        ObjectShape(
            .typeExtension, "What is added to a record type of another owner. Nothing is taken away, and what exists is not redefined.",
            [
                .optional("fields", fieldMap, "Fields to add, by key. A key that the type has already is an error."),
                .optional("label", .text(.label), "Another name for one record."),
                .optional("label_plural", .text(.label), "Another name for several records."),
                .optional(
                    "labels", .map(key: .key, of: .text(.label), count: 0...maxFields), "Other labels for fields, by the field's key."),
                .optional(
                    "choices", .map(key: .key, of: .map(key: .key, of: .object(.choice), count: 1...500), count: 0...maxFields),
                    "Choices to add to choice fields, by the field's key and the choice's. They come after those that exist."),
                .optional(
                    "search", .map(key: .key, of: .keyword(searchWeights), count: 0...maxFields),
                    "Fields to search that aren't searched yet, or to search with another weight, by the field's key."),
                .optional("indexes", indexList, "Indexes to add."),
                .optional("unique", uniqueList, "Unique combinations to add."),
                .optional("rules", ruleList, "Rules to add; each `id` is unique in the whole type."),
                .optional(
                    "only", onlyRules,
                    "Conditions to add outside of which nobody but administrators reaches a record; each key is unique in the whole type."),
            ], needsSome: true)
    ]

    static let searchWeights = [
        Keyword(word: "high", doc: "What names the record."), Keyword(word: "normal", doc: "What tells records apart."),
        Keyword(word: "low", doc: "What helps to find a record at all."),
    ]

    private static let fieldMap = ValueShape.map(key: .fieldKey, of: .object(.field), count: 1...maxFields)
    private static let indexedFields = ValueShape.list(of: .word(.key), count: 1...8, isDistinct: true)
    private static let indexList = ValueShape.list(of: .object(.index), count: 0...50, isDistinct: false)
    private static let uniqueList = ValueShape.list(of: .object(.unique), count: 0...50, isDistinct: false)
    private static let ruleList = ValueShape.list(of: .object(.rule), count: 0...100, isDistinct: false)

    // MARK: Ranges

    static let ranges: [ObjectShape] = [
        range(.lengthRange, "A length in characters (Unicode scalars of the NFC form).", .integer(0...1_000_000)),
        range(.integerRange, "Least and greatest number, both allowed.", .integer(.min ... .max)),
        range(.decimalRange, "Least and greatest number, both allowed.", .decimal),
        range(.dateRange, "First and last day, both allowed.", .word(.date)),
        range(.dateTimeRange, "First and last moment, both allowed.", .word(.dateTime)),
        range(.durationRange, "Shortest and longest time, both allowed.", .word(.duration)),
    ]

    private static func range(_ name: ObjectShape.Name, _ doc: String, _ bound: ValueShape) -> ObjectShape {
        ObjectShape(name, doc, [.optional("min", bound, "The least."), .optional("max", bound, "The greatest.")], needsSome: true)
    }

    // MARK: Limits shared by fields and settings

    static let textLimits: [PropertyShape] = [
        .optional(
            "pattern", .word(.textPattern),
            "A regular expression that a value matches as a whole (literals, classes, groups, alternatives, repetition; no look-around)."),
        .optional("length", .object(.lengthRange), "The allowed length."),
    ]
    static let decimalLimits: [PropertyShape] = [
        .optional("precision", .integer(1...38), default: "`18`", "All digits, at most."),
        .optional("scale", .integer(0...38), default: "`2`", "The digits after the point, at most the precision."),
        .optional("range", .object(.decimalRange), "The allowed values."),
    ]
    static let integerRange = PropertyShape.optional("range", .object(.integerRange), "The allowed values.")
    static let durationRange = PropertyShape.optional("range", .object(.durationRange), "The allowed values.")
    static let choices = PropertyShape.required("choices", .map(key: .key, of: .object(.choice), count: 1...500), "The choices, by key.")
}
