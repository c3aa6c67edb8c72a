package import QueryLanguage

/// Who listens to what: those who are equal get the same bytes.
package struct LiveAudience: Sendable, Hashable {
    package var principal: GUID
    /// Which topics; all when empty.
    package var topics: [TopicPattern]
    /// What CloudEvents are said to come from: `https://crm.example.org/api`.
    package var source: String

    package init(principal: GUID, topics: [TopicPattern] = [], source: String) {
        self.principal = principal
        self.topics = topics
        self.source = source
    }

    func takes(_ event: Event) -> Bool { topics.isEmpty || topics.contains { $0.matches(event.topic) } }
}
