import QueryLanguage
import TestRandom

/// Made-up records with a value of every type that fields can have, edge values among them.
struct Specimens {
    /// One record type with every type of field, and every type of column on a link.
    static let manifest = """
        manifest: 1
        id: museum
        version: "1.0.0"
        name: Museum
        platform: ">=0.1 <1.0"
        run: { mode: data }
        types:
          place:
            collection: places
            label: Place
            display: name
            fields:
              name: { type: text, label: Name, required: true, unique: true }
          topic:
            collection: topics
            label: Topic
            display: name
            fields:
              name: { type: text, label: Name, required: true }
          specimen:
            collection: specimens
            label: Specimen
            display: title
            fields:
              title: { type: text, label: Title, required: true }
              notes: { type: long_text, label: Notes }
              amount: { type: integer, label: Amount }
              weight: { type: decimal, label: Weight, precision: 18, scale: 6 }
              price: { type: money, label: Price }
              ready: { type: boolean, label: Ready, default: true }
              found_on: { type: date, label: Found on }
              measured_at: { type: date_time, label: Measured at }
              effort: { type: duration, label: Effort }
              state: { type: choice, label: State, default: fresh, choices: { fresh: { label: used }, used: { label: Fresh } } }
              hazards: { type: multi_choice, label: Hazards, choices: { toxic: { label: acid }, acid: { label: toxic } } }
              emails: { type: emails, label: Emails }
              phones: { type: phones, label: Phones }
              site: { type: url, label: Site }
              origin: { type: address, label: Origin }
              tags: { type: tags, label: Tags, default: [new] }
              place: { type: link, label: Place, to: place, inverse: specimens }
              parent: { type: link, label: Parent, to: specimen, inverse: parts }
              places:
                type: links
                label: Places
                to: place
                inverse: visitors
                primary: place
                columns:
                  name: { type: text, label: Name there }
                  remark: { type: long_text, label: Remark, default: none }
                  rank: { type: integer, label: Rank, required: true }
                  share: { type: decimal, label: Share }
                  inactive: { type: boolean, label: Inactive, default: false }
                  since: { type: date, label: Since }
                  seen: { type: date_time, label: Seen }
                  spent: { type: duration, label: Spent }
                  level: { type: choice, label: Level, choices: { high: { label: low }, low: { label: high } } }
                  page: { type: url, label: Page }
              topics: { type: links, label: Topics, to: topic, inverse: specimens }
              subject: { type: link_any, label: Subject, to: [place, topic] }
              keeper: { type: user, label: Keeper }
              photo: { type: file, label: Photo }
              data: { type: json, label: Data }
              number: { type: auto_number, label: Number, pattern: "S-{yyyy}-{0000}" }
        """

    static let placeNames = ["Oslo", "Bergen; west [old]", " \"Stavanger\" ", "0190163d-8694-739b-aea5-966c26f8ad91"]
    static let photo = "0190163d-8694-739b-aea5-966c26f8ad90"

    private var random: SeededGenerator
    let topics: [String]
    let keeper: String
    /// Ids of the specimens that exist, for links between them.
    var known: [String] = []

    init(seed: UInt64, topics: [String], keeper: String) {
        random = SeededGenerator(seed: seed)
        self.topics = topics
        self.keeper = keeper
    }

    /// What a client sends to make the next one. Half of the properties are given; a few of them are `null`.
    mutating func next() -> [String: Value] {
        var body: [String: Value] = ["title": .string("T\(text(longest: 60))")]
        give("notes", &body) { .string($0.text(longest: 500)) }
        give("amount", &body) { .integer($0.pick([0, -1, .min, .max, Int64($0.below(100_000))])) }
        give("weight", &body) { $0.decimal(["0", "-0.000001", "999999999999.999999", "-999999999999.999999", "1.234", "12.500"]) }
        give("price", &body) { $0.decimal(["0", "1234.5", "-0.0001", "999999999999999.9999", "1.234"]) }
        if body["price"].map({ !$0.isNull }) ?? false, below(2) == 0 { body["price_currency"] = .string(pick(["EUR", "USD", "JPY"])) }
        give("ready", &body) { .bool($0.below(2) == 0) }
        give("found_on", &body) { .string($0.date()) }
        give("measured_at", &body) { .string($0.moment()) }
        give("effort", &body) { .string($0.duration()) }
        give("state", &body) { .string($0.pick(["fresh", "used"])) }
        give("hazards", &body) { .collection($0.pick([[], ["toxic"], ["acid", "toxic"]])) }
        give("emails", &body) { $0.emails() }
        give("phones", &body) { $0.phones() }
        give("site", &body) { .string($0.pick(["https://example.com/a;b,c?q=%22x%22[1]", "mailto:a@example.com", "https://例え.jp/ü"])) }
        give("origin", &body) { $0.address() }
        give("tags", &body) { $0.tags() }
        give("parent_id", &body) { $0.known.isEmpty ? .null : .string($0.pick($0.known)) }
        give("places", &body) { $0.places() }
        give("topics", &body) { generator in
            .collection(generator.topics.filter { _ in generator.below(2) == 0 }.map { .complex(["id": .string($0)]) })
        }
        give("subject", &body) { .complex(["@id": .string("topics(\($0.pick($0.topics)))")]) }
        give("keeper_id", &body) { .string($0.keeper) }
        give("photo_id", &body) { _ in .string(Specimens.photo) }
        give("data", &body) { $0.json(depth: 3) }
        return body
    }

    private mutating func give(_ name: String, _ body: inout [String: Value], _ value: (inout Specimens) -> Value) {
        switch below(10) {
        case 0..<4: return
        case 4: body[name] = Self.lists.contains(name) ? .collection([]) : .null
        default: body[name] = value(&self)
        }
    }

    // MARK: Values

    /// What is empty rather than null.
    private static let lists: Set = ["places", "topics", "tags", "hazards", "emails", "phones"]

    private static let texts = [
        "", " at both ends ", "comma, semicolon; \"quotes\" [brackets] = back\\slash", "line\nbreak\r\nand another\r", "=1+1",
        "'apostrophe",
        "Zażółć gęślą jaźń 🦜", "\u{A0}no-break\u{2003}", "true", "null", "1.234", "2024-02-29", "tab\tinside\t", "work:x", "\u{FEFF}mark",
        "\"",
        "[primary]", "a [invalid]", "[primary, role=x]; b", "0190163d-8694-739b-aea5-966c26f8ad91",
    ]

    private mutating func text(longest: Int) -> String {
        guard below(2) == 0 else { return pick(Self.texts) }
        let letters = Array("abc XYZ,;\"'[]=\\\n\t:/@äß漢🦜")
        return String((0..<below(longest)).map { _ in pick(letters) })
    }

    private mutating func decimal(_ edges: [String]) -> Value {
        let text = below(2) == 0 ? pick(edges) : "\(below(100_000)).\(below(100))"
        return DecimalNumber(text).map { .decimal($0) } ?? .null
    }

    private mutating func date() -> String {
        pick(["0001-01-01", "9999-12-31", "2024-02-29", "1970-01-01", "1999-0\(1 + below(9))-1\(below(9))"])
    }

    private mutating func moment() -> String {
        pick(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-11-23T1\(below(9)):00:00.5Z", "1969-12-31T23:59:59.000001Z"])
    }

    private mutating func duration() -> String { pick(["PT0S", "-P1DT0.000001S", "P\(below(9999))DT1H", "PT\(1 + below(59))M30.25S"]) }

    private mutating func emails() -> Value {
        let primary = below(4)
        return .collection(
            (0..<below(4)).map { index in
                var entry: [String: Value] = ["address": .string("o'brien.\(index)+\(below(1000))@example.com")]
                entry["kind"] = pick([.null, .string("work"), .string("Home_2"), .string("my kind; [x]"), .string(""), .string("a:b")])
                if index == primary { entry["is_primary"] = .bool(true) }
                entry["opted_out"] = .bool(below(3) == 0)
                entry["invalid"] = .bool(below(3) == 0)
                return .complex(entry)
            })
    }

    private mutating func phones() -> Value {
        let primary = below(3)
        return .collection(
            (0..<below(3)).map { index in
                let number = pick(["+1 418 656 925", "call Ada at ", "tel:55", "12;ext=7 [invalid] ", "(0) \"quoted\", 2", "at:home "])
                var entry: [String: Value] = ["number": .string("\(number)\(index)")]
                entry["kind"] = pick([.null, .string("mobile"), .string("fax, work")])
                entry["extension"] = pick([.null, .string("102"), .string("1;2")])
                if index == primary { entry["is_primary"] = .bool(true) }
                entry["invalid"] = .bool(below(3) == 0)
                return .complex(entry)
            })
    }

    private mutating func address() -> Value {
        var members: [String: Value] = [:]
        for member in ["street", "city", "region", "postal_code", "country"] where below(2) == 0 {
            members[member] = .string(text(longest: 50))
        }
        return members.isEmpty ? .null : .complex(members)
    }

    private mutating func tags() -> Value {
        .collection(pick([["a;b", "c,d"], ["plain"], ["with \"quotes\""], ["[x]", "two words"], ["two\nlines"], ["one, only"]]))
    }

    private mutating func places() -> Value {
        let names = Self.placeNames.filter { _ in below(2) == 0 }
        let primary = below(max(1, names.count))
        return .collection(
            names.enumerated().map { index, name in
                var own: [String: Value] = ["rank": .integer(Int64(below(1000)) - 500)]
                if index == primary { own["is_primary"] = .bool(true) }
                give("name", &own) { .string($0.text(longest: 30)) }
                give("remark", &own) { .string($0.text(longest: 30)) }
                give("share", &own) { $0.decimal(["0", "-1.25", "1.234"].map { String($0.prefix(4)) }) }
                give("inactive", &own) { .bool($0.below(2) == 0) }
                give("since", &own) { .string($0.date()) }
                give("seen", &own) { .string($0.moment()) }
                give("spent", &own) { .string($0.duration()) }
                give("level", &own) { .string($0.pick(["high", "low"])) }
                give("page", &own) { .string($0.pick(["https://example.com/[1];2,3", "https://example.com"])) }
                return .complex(["name": .string(name), "_link": .complex(own)])
            })
    }

    private mutating func json(depth: Int) -> Value {
        switch below(depth > 0 ? 7 : 5) {
        case 0: return .string(text(longest: 20))
        case 1: return .integer(Int64(below(1000)))
        case 2: return decimal(["0.5", "-1.25"])
        case 3: return .bool(true)
        case 4: return .string("null")
        case 5: return .collection((0..<below(3)).map { _ in json(depth: depth - 1) })
        default:
            let keys = (0..<below(3)).map { "key \($0)" }
            return .complex(Dictionary(uniqueKeysWithValues: keys.map { ($0, json(depth: depth - 1)) }))
        }
    }

    private mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &random) }
}
