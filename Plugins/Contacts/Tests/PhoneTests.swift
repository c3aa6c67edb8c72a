import CPhoneNumber
import TesseraKit
import Testing

@Suite("Phone numbers")
struct PhoneTests {
    @Test(
        "reads numbers of the default region",
        arguments: [
            ("(415) 555-2671", "+14155552671"), ("415.555.2671", "+14155552671"), ("415/555-2671", "+14155552671"),
            ("1 415 555 2671", "+14155552671"),
            ("+1 (415) 555-2671", "+14155552671"), ("011 49 30 901820", "+4930901820"), ("0049 30 901820", "+4930901820"),
            ("+49 (0)30 901820", "+4930901820"), ("tel:+1-415-555-2671", "+14155552671"), ("４１５ ５５５ ２６７１", "+14155552671"),
            ("415\u{a0}555\u{2011}2671", "+14155552671"), ("1-800-FLOWERS", "+18003569377"), ("+442079460958", "+442079460958"),
        ])
    func valid(text: String, e164: String) throws {
        #expect(try ContactsFixture().phone(text) == NormalizedPhone(e164: e164, isValid: true))
    }

    @Test(
        "takes extensions apart",
        arguments: [
            "(415) 555-2671 ext. 12", "415-555-2671 x12", "+14155552671;ext=12", "4155552671 extension 12", "415 555 2671 #12",
        ])
    func extensions(text: String) throws {
        #expect(try ContactsFixture().phone(text) == NormalizedPhone(e164: "+14155552671", extension: "12", isValid: true))
    }

    @Test(
        "assumes the region that it is told",
        arguments: [("DE", "030 901820", "+4930901820"), ("NO", "22 86 44 00", "+4722864400"), ("GB", "020 7946 0958", "+442079460958")])
    func regions(region: String, text: String, e164: String) throws {
        #expect(try ContactsFixture(defaultRegion: region).phone(text) == NormalizedPhone(e164: e164, isValid: true))
        #expect(try ContactsFixture(defaultRegion: "US").phone(text, region: region) == NormalizedPhone(e164: e164, isValid: true))
    }

    @Test(
        "keeps the E.164 form of a number that has the length and no place in the plan",
        arguments: [("+1 555 123 4567", "+15551234567"), ("(000) 555-2671", "+10005552671")])
    func possible(text: String, e164: String) throws {
        #expect(try ContactsFixture().phone(text) == NormalizedPhone(e164: e164, isValid: false))
    }

    @Test(
        "says that other texts are no numbers",
        arguments: [
            "", " ", "n/a", "call me", "555-2671", "12", "+", "+999 123456", "00", "1234567890123456789", "\u{0}415", "0\u{0}", "📞",
        ])
    func invalid(text: String) throws {
        #expect(try ContactsFixture().phone(text) == NormalizedPhone(e164: nil, isValid: false))
    }

    @Test("takes texts of any length", arguments: [250, 251, 100_000])
    func longTexts(count: Int) throws {
        let fixture = try ContactsFixture()
        for character in ["1", "+", " ", "x", "(", "ä", "\u{0}"] {
            let text = String(repeating: character, count: count)
            #expect(try fixture.phone(text).isValid == false)
        }
    }

    @Test("shows numbers when asked to")
    func display() throws {
        let fixture = try ContactsFixture()
        #expect(
            try fixture.phone("4155552671 x7", wantsDisplay: true).display
                == .init(national: "(415) 555-2671", international: "+1 415-555-2671"))
        #expect(
            try fixture.phone("+4930901820", wantsDisplay: true).display == .init(national: "030 901820", international: "+49 30 901820"))
        #expect(try fixture.phone("12", wantsDisplay: true).display == nil)
    }

    @Test(
        "refuses a default region that doesn't exist", arguments: ["", "XX", "us", "USA", "001", "ZZ", " ", "S ", "US ", "U\u{53}\u{301}"])
    func unknownRegion(region: String) throws {
        let error = #expect(throws: ModuleError.self) { try ContactsFixture(defaultRegion: region) }
        #expect(error?.code == .settingInvalid)
    }

    @Test("knows the regions that the library knows")
    func knownRegions() {
        let letters = (UInt8(ascii: "A")...UInt8(ascii: "Z")).map { String(UnicodeScalar($0)) }
        for region in letters.flatMap({ first in letters.map { first + $0 } }) {
            #expect(((try? ContactsFixture(defaultRegion: region)) != nil) == cphone_has_plan(region), "\(region)")
        }
    }

    @Test("reads digits, separators and extensions as the library does, without its detour")
    func plainNumbers() throws {
        let fixture = try ContactsFixture()
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(state: seed)
        let separators = [" ", "-", ".", "(", ")", "/", "", "", "", ""]
        let extensions = [
            "", "", "", "x1", " x 12", " ext. 123", " Ext1234", " EXTENSION 12345", " x.123456", "x1234567", "-x1", " ext.", "1x", "x 1 2",
        ]
        for _ in 0..<20_000 {
            var text = ["", "", "+", "00", "+1", "+49", "+44", "1", "(0)", "011"].randomElement(using: &random) ?? ""
            for _ in 0..<Int.random(in: 1...15, using: &random) {
                text += String(Int.random(in: 0...9, using: &random)) + (separators.randomElement(using: &random) ?? "")
            }
            text += extensions.randomElement(using: &random) ?? ""
            let plain = try fixture.phone(text)
            // A letter in front means nothing, but keeps the text from the short way.
            let full = try fixture.phone("T " + text)
            if plain != full, !Self.isDialledWith00(text) {
                Issue.record("'\(text)' is \(plain), the library says \(full); seed \(seed)")
            }
        }
    }

    @Test("answers many threads at once")
    func threads() async throws {
        let fixture = try ContactsFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for index in 0..<500 {
                        let digits = String(2_000_000 + task * 1000 + index)
                        let expected = NormalizedPhone(e164: "+1415" + digits, isValid: true)
                        let found = try fixture.phone("(415) \(digits.prefix(3))-\(digits.suffix(4))")
                        #expect(found == expected)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// The only numbers that are read in another way on purpose.
    private static func isDialledWith00(_ text: String) -> Bool {
        text.filter(\.isNumber).hasPrefix("00")
    }
}

/// A small generator of repeatable random numbers (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
