import QueryLanguage
import Testing

@Suite("GUID")
struct GUIDTests {
    @Test("prints what it reads, in lower case")
    func roundTrip() throws {
        let guid = try #require(GUID("0190A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"))
        #expect(guid.description == "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
        #expect(GUID(bytes: guid.bytes.span) == guid)
    }

    @Test(
        "refuses text that isn't a GUID",
        arguments: [
            "", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5", "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5g",
            "0190a1b2-c3d4-7e5f-8a9b_0c1d2e3f4a5b", "{190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5}",
        ])
    func refusal(text: String) {
        #expect(GUID(text) == nil)
    }

    @Test("orders by bytes, most significant first")
    func order() throws {
        let small = try #require(GUID("00000000-0000-0001-ffff-ffffffffffff"))
        let large = try #require(GUID("00000000-0000-0002-0000-000000000000"))
        #expect(small < large)
    }
}
