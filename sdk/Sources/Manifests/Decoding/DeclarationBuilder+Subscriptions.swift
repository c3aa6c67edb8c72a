extension DeclarationBuilder {
    mutating func subscriptions(_ entries: [CheckedMap.Entry]) -> [SubscriptionDeclaration] {
        var subscriptions: [SubscriptionDeclaration] = []
        for entry in entries { if let object = entry.object { subscriptions.append(subscription(entry.key, object)) } }
        return subscriptions
    }

    private mutating func subscription(_ key: Located<String>, _ object: CheckedObject) -> SubscriptionDeclaration {
        SubscriptionDeclaration(
            key: key.value, label: object.text("label") ?? Names.label(from: key.value), description: object.text("description"),
            topics: object.texts("topics"), handler: handler(object.located("handler") ?? key), when: object.expression("when"),
            watch: object.texts("watch"), debounce: duration(object, "debounce", from: "PT1S", to: "P1D"),
            keepsOrder: object.text("order") != "none", batch: object.integer("batch").map(Int.init) ?? 100,
            start: object.text("start").flatMap { SubscriptionStart(rawValue: $0) } ?? .now,
            deadline: duration(object, "deadline", from: "PT1S", to: "PT10M"), retry: retry(object.object("retry")),
            exhausted: object.text("exhausted").flatMap { ExhaustedAction(rawValue: $0) } ?? .park, location: key.location)
    }

    private func handler(_ text: Located<String>) -> HandlerReference {
        let name = reference(text).name
        return HandlerReference(module: name.module, name: name.type, location: text.location)
    }

    private mutating func retry(_ object: CheckedObject?) -> RetryDeclaration {
        guard let object else { return RetryDeclaration(attempts: 8, first: nil, longest: nil) }
        let first = duration(object, "first", from: "PT0.1S", to: "P1D")
        let longest = duration(object, "longest", from: "PT0.1S", to: "P1D")
        if let longest, let first, longest < first {
            report(.contradiction, object.location(of: "longest"), "the longest pause, \(longest), is shorter than the first, \(first)")
        }
        return RetryDeclaration(attempts: object.integer("attempts").map(Int.init) ?? 8, first: first, longest: longest)
    }

    /// A length of time within limits.
    private mutating func duration(_ object: CheckedObject, _ key: String, from least: String, to most: String) -> DurationLiteral? {
        guard let text = object.text(key), let duration = DurationLiteral(text), let lower = DurationLiteral(least),
            let upper = DurationLiteral(most)
        else { return nil }
        guard duration < lower || upper < duration else { return duration }
        report(.invalidValue, object.location(of: key), "must be from \(least) to \(most), not \(text)")
        return nil
    }
}
