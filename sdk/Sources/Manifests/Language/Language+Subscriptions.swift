extension Language {
    /// What is done when records change.
    static let reactions: [ObjectShape] = [
        ObjectShape(
            .subscription,
            """
            What a module's code does when records change: which events it is told of, and what happens when it fails. Each event is handled once: what \
            the handler writes is committed with the subscription's place in the log.
            """,
            [
                .optional("label", .text(.label), default: "from the key", "What it is called."),
                .optional("description", .text(.prose), "What it is for."),
                .required(
                    "topics", .list(of: .word(.topicPattern), count: 1...20, isDistinct: true),
                    "The events, as `module.type.created`, `updated`, `deleted`, `restored` or `purged`; `*` stands for any letters, dots included."
                ),
                .optional(
                    "handler", .word(.handlerReference), default: "the key",
                    "What the module's code has registered. Of another module, and in overlays, `module.name`."),
                .optional(
                    "when", .text(.expression),
                    """
                    The condition (expression language) over the record as it was after the event, `changed(field)`, and `$event`: \
                    `changed(stage) and amount gt 10000`.
                    """),
                .optional(
                    "watch", .list(of: .word(.key), count: 1...100, isDistinct: true), default: "all of them",
                    "Fields: updates that change none of them are passed over."),
                .optional(
                    "debounce", .word(.duration),
                    """
                    A quiet time, `PT1S` to `P1D`: of several events of a record the last one is handled, so long after it. Those before it are passed \
                    over.
                    """),
                .optional(
                    "order", .keyword(orders), default: "`record`", "Whether an event that can't be handled yet holds later ones back."),
                .optional("batch", .integer(1...1_000), default: "`100`", "How many events one transaction handles at most."),
                .optional("start", .keyword(starts), default: "`now`", "With which event it begins when it is new."),
                .optional(
                    "deadline", .word(.duration), default: "`PT30S`", "How long the handler may take for an event, `PT1S` to `PT10M`."),
                .optional("retry", .object(.retry), default: "as below", "How often an event is tried, and with which pauses."),
                .optional(
                    "exhausted", .keyword(ends), default: "`park`", "What becomes of an event that was tried so often in vain."),
            ]),
        ObjectShape(
            .retry, "How an event is tried again that couldn't be handled. Pauses double, and are cut at random by up to a half.",
            [
                .optional("attempts", .integer(1...100), default: "`8`", "How often it is tried, the first time included."),
                .optional("first", .word(.duration), default: "`PT2S`", "The pause before the second attempt, `PT0.1S` to `P1D`."),
                .optional("longest", .word(.duration), default: "`PT10M`, `first` when that is longer", "The longest pause, up to `P1D`."),
            ]),
    ]

    private static let orders: [Keyword] = [
        Keyword(word: "record", doc: "Later events of the same record wait for it, those of others don't."),
        Keyword(word: "none", doc: "No event waits for another one."),
    ]

    private static let starts: [Keyword] = [
        Keyword(word: "now", doc: "With the first one after `tessera apply`."),
        Keyword(word: "beginning", doc: "With the oldest one that is kept."),
    ]

    private static let ends: [Keyword] = [
        Keyword(word: "park", doc: "It is put aside for somebody to look at."),
        Keyword(word: "skip", doc: "It is passed over, with a line in the log."),
        Keyword(word: "halt", doc: "The subscription stops before it, until somebody starts it again. Nothing else is handled meanwhile."),
    ]
}
