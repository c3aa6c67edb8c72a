import TestRandom
import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
    private func key(_ text: String, _ types: [PostgresType] = []) -> StatementKey {
        StatementKey(SQL(verbatim: text, parameters: types.map { .null($0) }))
    }

    @Test("gives the same name to the same text and types, and another to others")
    func names() {
        var cache = StatementCache(limit: 10)
        let first = cache.use(key("a", [.int8]))
        #expect(first == StatementCache.Use(entry: .init(id: 1, name: "t1"), isNew: true))
        #expect(cache.use(key("a", [.int8])) == StatementCache.Use(entry: .init(id: 1, name: "t1"), isNew: false))
        #expect(cache.use(key("a", [.text])).entry.name == "t2")
        #expect(cache.use(key("b")).entry.name == "t3")
    }

    @Test("drops the statement used longest ago")
    func eviction() {
        var cache = StatementCache(limit: 3)
        for text in ["a", "b", "c", "a"] { _ = cache.use(key(text)) }
        #expect(cache.use(key("d")).isNew)
        #expect(cache.discarded == ["t2"])
        #expect(!cache.use(key("a")).isNew)
        #expect(!cache.use(key("c")).isNew)
        #expect(cache.use(key("b")).isNew)
        #expect(cache.count == 3)
        #expect(cache.takeDiscarded() == "t4")
        #expect(cache.takeDiscarded() == "t2")
        #expect(cache.takeDiscarded() == nil)
    }

    @Test("forgets a statement without reusing its name")
    func forgetting() {
        var cache = StatementCache(limit: 3)
        let first = cache.use(key("a")).entry
        cache.forget(first.id, isKnownToServer: false)
        #expect(cache.discarded.isEmpty)
        #expect(cache.use(key("a")) == StatementCache.Use(entry: .init(id: 2, name: "t2"), isNew: true))
        cache.forget(first.id, isKnownToServer: true)
        #expect(cache.discarded.isEmpty)
        cache.forget(2, isKnownToServer: true)
        #expect(cache.discarded == ["t2"])
        #expect(cache.count == 0)
    }

    @Test("behaves like a plain list over random use")
    func model() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var cache = StatementCache(limit: 5)
        var list: [String] = []
        for _ in 0..<10_000 {
            let text = String(Int.random(in: 0..<9, using: &random))
            let use = cache.use(key(text))
            #expect(use.isNew == !list.contains(text), "seed \(seed)")
            list.removeAll { $0 == text }
            list.append(text)
            if list.count > 5 { list.removeFirst() }
            if Int.random(in: 0..<20, using: &random) == 0 {
                cache.forget(use.entry.id, isKnownToServer: true)
                list.removeLast()
            }
            #expect(cache.count == list.count, "seed \(seed)")
        }
    }
}
