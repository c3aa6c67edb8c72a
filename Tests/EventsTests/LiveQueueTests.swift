import Testing

@testable import Events

@Suite("What live streams are made of")
struct LiveQueueTests {
    @Test("a listener who takes too little is left behind: what was waiting comes, then the end")
    func slow() async throws {
        let queue = LiveQueue(limit: 10)
        queue.push(Array("12345".utf8))
        queue.push(Array("67890".utf8))
        queue.push([33])
        queue.push([34])
        var heard: [[UInt8]] = []
        try await queue.forEach { heard.append($0) }
        #expect(heard.map { String(decoding: $0, as: UTF8.self) } == ["12345", "67890"])
    }

    @Test("a piece before which nothing waits comes, however long")
    func long() async throws {
        let queue = LiveQueue(limit: 10)
        queue.push(Array(repeating: 1, count: 100))
        queue.finish()
        var count = 0
        try await queue.forEach { count += $0.count }
        #expect(count == 100)
    }

    @Test("who takes what comes is never too slow")
    func fast() async throws {
        let queue = LiveQueue(limit: 10)
        var count = 0
        queue.push([0])
        try await queue.forEach { piece in
            count += piece.count
            if count < 1_000 { queue.push([0, 1, 2]) } else { queue.finish() }
        }
        #expect(count == 1_000)
    }

    @Test(
        "a topic is one of a pattern's as LIKE has it",
        arguments: [
            ("*", "a.b.c", true), ("a.b.c", "a.b.c", true), ("a.b.c", "a.b.cd", false), ("a.b.c", "a.b", false), ("a.*", "a.b.c", true),
            ("a.*", "a.", true), ("a.*", "a", false), ("*.created", "m.t.created", true), ("*.created", "m.t.created.x", false),
            ("a.*.c", "a.b.b.c", true), ("a*a", "aa", true), ("a*a", "a", false), ("*ab*ab", "abxabxab", true), ("*ab*ab", "ab", false),
            ("a_b", "axb", false), ("**", "", true), ("*b", "bbb", true), ("a*b*c", "aXbXbXc", true),
        ])
    func patterns(pattern: String, topic: String, matches: Bool) throws {
        let pattern = try TopicPattern(pattern)
        #expect(pattern.matches(topic) == matches)
    }
}
