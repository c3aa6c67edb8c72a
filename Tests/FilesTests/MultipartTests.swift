import NIOCore
import TestRandom
import Testing

@testable import Files

@Suite("Forms with files")
struct MultipartTests {
    /// Parts with their contents, joined however they came in pieces.
    private static func read(_ body: [UInt8], boundary: String = "b", piece: Int) throws -> [(MultipartReader.Part, [UInt8])] {
        var reader = MultipartReader(boundary: boundary)
        var parts: [(MultipartReader.Part, [UInt8])] = []
        var isOpen = false
        for start in stride(from: 0, to: body.count, by: piece) {
            for event in try reader.feed(ByteBuffer(bytes: body[start..<min(body.count, start + piece)])) {
                switch event {
                case .part(let part):
                    #expect(!isOpen)
                    isOpen = true
                    parts.append((part, []))
                case .content(let bytes): parts[parts.count - 1].1 += Array(bytes.readableBytesView)
                case .end: isOpen = false
                }
            }
        }
        try reader.finish()
        #expect(!isOpen)
        return parts
    }

    @Test("are read alike in pieces of any size")
    func pieces() throws {
        let body = Array(
            ("preamble\r\n--b  \r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--b\r\n"
                + "content-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n"
                + "one\r\n--\r\n--c\r\n-b\r\r\n\r\n--b\r\n\r\n\r\n--b--\r\nepilogue").utf8)
        for piece in 1...body.count {
            let parts = try Self.read(body, piece: piece)
            #expect(parts.count == 3)
            #expect(parts.first?.0 == MultipartReader.Part(name: "note", fileName: nil, contentType: nil))
            #expect(parts.dropFirst().first?.0 == MultipartReader.Part(name: "file", fileName: "a.txt", contentType: "text/plain"))
            #expect(parts.map { String(decoding: $0.1, as: UTF8.self) } == ["hello", "one\r\n--\r\n--c\r\n-b\r\r\n", ""])
        }
    }

    @Test("bring any bytes through")
    func anyBytes() throws {
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        print("seed \(random.seed)")
        for _ in 0..<200 {
            let alphabet: [UInt8] = [0x0D, 0x0A, 0x2D, 0x62, 0x00, 0xFF]
            let content = (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            let boundary = "bound\(UInt32.random(in: .min ... .max, using: &random))"
            let body =
                Array("--\(boundary)\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n".utf8) + content
                + Array("\r\n--\(boundary)--".utf8)
            let parts = try Self.read(body, boundary: boundary, piece: Int.random(in: 1...17, using: &random))
            #expect(parts.map(\.1) == [content])
        }
    }

    @Test("that are broken are refused")
    func malformed() {
        let bodies = [
            "", "--b", "--b\r\n", "--b\r\nA: b\r\n\r\nx", "--b\r\nA: b\r\n\r\nx\r\n--b", "--bb\r\n\r\nx\r\n--b-",
            "--b\r\nno colon\r\n\r\n\r\n--b--",
            "--bx\r\n\r\n\r\n--b--", "--b\r\nA: \(String(repeating: "a", count: 20_000))\r\n\r\n\r\n--b--",
            String(repeating: "--b\r\n\r\n\r\n", count: 101) + "--b--",
        ]
        for body in bodies {
            #expect(throws: MultipartReader.Malformed.self, "\(body.prefix(40))") { try Self.read(Array(body.utf8), piece: 7) }
        }
    }

    @Test("have a boundary that can be one")
    func boundary() {
        #expect(MultipartReader.boundary(of: "multipart/form-data; boundary=\"a b\"") == "a b")
        #expect(MultipartReader.boundary(of: "Multipart/Form-Data; charset=x; Boundary=abc") == "abc")
        for type in ["multipart/form-data", "multipart/mixed; boundary=a", "multipart/form-data; boundary=\"\""] {
            #expect(MultipartReader.boundary(of: type) == nil)
        }
        #expect(MultipartReader.boundary(of: "multipart/form-data; boundary=\(String(repeating: "a", count: 71))") == nil)
    }
}
