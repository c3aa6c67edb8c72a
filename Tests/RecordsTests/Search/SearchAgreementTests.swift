import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

/// PostgreSQL finds what a search in memory finds.
@Suite("Search and memory")
struct SearchAgreementTests {
    private struct Person {
        var id: GUID
        var name: String
        var note: String
        var emails: [String]
        var phones: [String]
        var firm: String?

        /// Every word it is found by, as docs/search.md says.
        var words: [String] {
            var words = SearchFolding.words(name) + SearchFolding.words(note) + (firm.map(SearchFolding.words) ?? [])
            for email in emails { words += [SearchFolding.fold(email), String(SearchFolding.fold(email).split(separator: "@")[1])] }
            for phone in phones { words += Self.runs(phone) }
            return words
        }

        /// From the country code, from behind it, and from each group of digits as written.
        private static func runs(_ number: String) -> [String] {
            let groups = number.split { !("0"..."9").contains($0) }.map(String.init)
            let national = number.hasPrefix("+47") ? [String(groups.joined().dropFirst(2))] : []
            // Without gaps, from where an area may end.
            let isWhole = (groups.last?.count ?? 0) > 6
            let locals =
                isWhole ? national.flatMap { digits in ([4] + Array(6..<min(9, digits.count))).map { String(digits.suffix($0)) } } : []
            return (groups.indices.map { groups[$0...].joined() } + national + locals).filter { $0.count >= 4 }
        }

        func has(_ tree: SearchTree) -> Bool {
            switch tree {
            case .word(let word): has(word)
            case .phrase(let wanted):
                wanted.allSatisfy(has)
                    && [name, note].contains {
                        " \(SearchFolding.words($0).joined(separator: " ")) ".contains(
                            " \(wanted.flatMap(\.bounds).joined(separator: " ")) ")
                    }
            case .all(let parts): parts.allSatisfy(has)
            case .any(let parts): parts.contains(where: has)
            case .not(let part): !has(part)
            }
        }

        private func has(_ word: SearchWord) -> Bool {
            switch word {
            case .prefix(let text): words.contains { $0.unicodeScalars.starts(with: text.unicodeScalars) }
            case .whole(let text): words.contains { $0 == text }
            case .similar(let texts): words.contains { texts.contains($0) }
            }
        }
    }

    private static let syllables = ["an", "na", "mü", "ller", "Sø", "ren", "o'b", "rien", "ß", "Æ", "ka", "л", "ё", "42", "x-y", "É"]
    private static let searches = [
        "a", "an", "ann", "mul", "muller", "so", "sø", "42", "ss", "ae", "л", "е", "x", "y", "obr", "22 2", "+47 2", "2222", "k@", "ka.e",
        "zz",
    ]

    @Test("hits, counts and sorted lists are those of a search in memory, each record once")
    func agreement() async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        try await SearchWorld.with { world in
            var random = SeededRandom(seed: seed)
            let people = try await Self.people(world, &random)
            for _ in 0..<150 {
                let search = Self.search(&random, depth: 2)
                guard let tree = try? SearchTree(try #require(try world.request(search).query.search), in: world.base.type("humans")) else {
                    continue
                }
                let expected = Set(people.filter { $0.has(tree) }.map(\.id))
                let hits = try await world.base.store.search([try world.request(search)], top: 1_000, access: .test).filter(\.isAsTyped)
                // A search that only says what records must not have has no best hits.
                if tree.leads({ _ in 0 }) != nil {
                    let differing = expected.symmetricDifference(hits.map(\.id))
                    let words = people.filter { differing.contains($0.id) }.map(\.words)
                    #expect(differing.isEmpty, "\(search), seed \(seed): \(words)")
                    #expect(hits.count == expected.count, "\(search), seed \(seed)")
                }
                let sorted = try await world.page(search, "select=id&orderby=id&count=true", pageSize: 1_000)
                #expect(sorted.count == expected.count, "\(search), seed \(seed)")
                #expect(sorted.rowCount == expected.count, "\(search), seed \(seed)")
            }
        }
    }

    private static func people(_ world: SearchWorld, _ random: inout SeededRandom) async throws -> [Person] {
        var firms: [(GUID, String)] = []
        for number in 0..<5 {
            let name = normalizedNFC("\(text(&random)) \(number)")
            firms.append((try await world.base.create("firms", ["name": .string(name)]), name))
        }
        var people: [Person] = []
        for number in 0..<120 {
            let firm = random.oneIn(2) ? nil : random.pick(firms)
            let emails = random.oneIn(2) ? [] : ["\(random.pick(["an", "ka", "so"]))@ka.example\(number % 3)"]
            let phones = random.oneIn(2) ? [] : [random.pick(["+47 22 22 22 22", "22222", "2 222-2", "+4722220000"])]
            let (name, note) = (normalizedNFC(text(&random)), normalizedNFC(text(&random)))
            let id = try await world.human(name, note: note, emails: emails, phones: phones, firm: firm?.0)
            people.append(Person(id: id, name: name, note: note, emails: emails, phones: phones, firm: firm?.1))
        }
        return people
    }

    private static func text(_ random: inout SeededRandom) -> String {
        (0...Int.random(in: 0..<3, using: &random)).map { _ in
            (0...Int.random(in: 0..<3, using: &random)).map { _ in random.pick(syllables) }.joined()
        }.joined(separator: random.pick([" ", ", ", "\u{A0}", "—"]))
    }

    private static func search(_ random: inout SeededRandom, depth: Int) -> String {
        if depth == 0 || random.oneIn(3) { return random.oneIn(5) ? "\"\(text(&random))\"" : random.pick(searches) }
        let (left, right) = (search(&random, depth: depth - 1), search(&random, depth: depth - 1))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return "\(left) \(right)"
        case 1: return "(\(left) OR \(right))"
        case 2: return "\(left) NOT (\(right))"
        default: return "(\(left)) AND \(right)"
        }
    }
}
