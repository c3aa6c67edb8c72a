import Files
import JSONReading
import TestKernel
import Testing

@testable import Server

@Suite("Files over HTTP")
struct FileTests {
    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array(0...255)

    private static func upload(
        _ host: TestHost, _ bytes: [UInt8], name: String = "a.bin", type: String = "application/octet-stream"
    ) async throws -> String {
        let headers = ["content-type": type, "content-disposition": "attachment; filename=\"\(name)\""]
        let answer = try await host.send("POST", "/api/files", headers: headers, bytes: bytes)
        try #require(answer.status == 201, "\(answer.text)")
        let id = try #require(JSONExtract.member("id", of: answer.body))
        return String(decoding: id.dropFirst().dropLast(), as: UTF8.self)
    }

    @Test("are uploaded as they are, and described by what they are")
    func upload() async throws {
        try await TestHost.with { host in
            let answer = try await host.send(
                "POST", "/api/files?name=..%2FMy%20photo.png", headers: ["content-type": "text/html"], bytes: Self.png)
            #expect(answer.status == 201)
            #expect(answer.text.contains(#""name":"My photo.png","media_type":"image/png","size":264,"#), "\(answer.text)")
            let id = try #require(
                JSONExtract.member("id", of: answer.body).map { String(decoding: $0.dropFirst().dropLast(), as: UTF8.self) })
            #expect(answer.headers["location"] == "http://test.example:8080/api/files(\(id))")
            let known = try await host.send("GET", "/api/files(\(id))")
            #expect(known.status == 200)
            #expect(known.body == answer.body)
            let content = try await host.send("GET", "/api/files/\(id)/$value")
            #expect(content.status == 200)
            #expect(content.body == Self.png)
            #expect(content.headers["content-type"] == "image/png")
            #expect(content.headers["content-disposition"] == "inline; filename=\"My photo.png\"")
            #expect(content.headers["etag"] == answer.headers["etag"])
            #expect(content.headers["x-content-type-options"] == "nosniff")
            #expect(content.headers["content-security-policy"]?.contains("sandbox") == true)
            let head = try await host.send("HEAD", "/api/files(\(id))/$value")
            #expect(head.status == 200)
            #expect(head.headers["content-length"] == "264")
        }
    }

    @Test("nothing that a photo could hide runs in a browser: an image that is a document is saved, and a picture is called one")
    func disguised() async throws {
        try await TestHost.with { host in
            let svg = Array(#"<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>"#.utf8)
            let document = try await Self.upload(host, svg, name: "photo.png", type: "image/png")
            let saved = try await host.send("GET", "/api/files(\(document))/$value")
            #expect(saved.headers["content-type"] == "image/svg+xml" && saved.headers["x-content-type-options"] == "nosniff")
            #expect(saved.headers["content-disposition"] == "attachment; filename=\"photo.png\"")
            #expect(saved.headers["content-security-policy"]?.contains("sandbox") == true)
            let picture = try await Self.upload(host, Self.png, name: "photo.exe")
            let shown = try await host.send("GET", "/api/files(\(picture))/$value")
            #expect(shown.headers["content-disposition"] == "inline; filename=\"photo.exe.png\"")
        }
    }

    @Test("are uploaded with a form")
    func form() async throws {
        try await TestHost.with { host in
            let type = ["content-type": "multipart/form-data; boundary=XX"]
            func body(_ parts: String...) -> [UInt8] {
                Array((parts.map { "--XX\r\n\($0)\r\n" }.joined() + "--XX--\r\n").utf8)
            }
            let file =
                "Content-Disposition: form-data; name=\"f\"; filename=\"naïve \u{202E}€.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n1,2"
            let note = "Content-Disposition: form-data; name=\"note\"\r\n\r\nhello"
            let answer = try await host.send("POST", "/api/files", headers: type, bytes: body(note, file))
            #expect(answer.status == 201)
            #expect(answer.text.contains(#""name":"naïve €.csv","media_type":"text/csv","size":8,"#), "\(answer.text)")
            let id = try #require(
                JSONExtract.member("id", of: answer.body).map { String(decoding: $0.dropFirst().dropLast(), as: UTF8.self) })
            let content = try await host.send("GET", "/api/files(\(id))/$value")
            #expect(content.text == "a,b\r\n1,2")
            #expect(
                content.headers["content-disposition"]
                    == "attachment; filename=\"na_ve _.csv\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.csv")
            for bad in [body(note), body(file, file), Array("--XX\r\n\(file)".utf8)] {
                let answer = try await host.send("POST", "/api/files", headers: type, bytes: bad)
                #expect(answer.status == 400)
                #expect(answer.text.contains("files.bad_form"))
            }
            for headers in [type, ["content-type": "image/png"], [:]] {
                let answer = try await host.send("POST", "/api/files", headers: headers, bytes: nil)
                #expect(answer.status == 400 && answer.text.contains("files.no_content"), "\(answer.text)")
            }
            let other = try await host.send("POST", "/api/files", headers: ["content-type": "multipart/form-data"], bytes: body(file))
            #expect(other.status == 400)
            #expect(try await host.files.check(reading: true).contents == 1)
        }
    }

    @Test("come in parts when a range is asked for")
    func ranges() async throws {
        try await TestHost.with { host in
            let id = try await Self.upload(host, Array("0123456789".utf8), name: "d.txt")
            let target = "/api/files(\(id))/$value"
            let etag = try #require(try await host.send("HEAD", target).headers["etag"])
            let cases: [(range: String, status: Int, body: String, position: String?)] = [
                ("bytes=0-0", 206, "0", "bytes 0-0/10"), ("bytes=2-4", 206, "234", "bytes 2-4/10"),
                ("bytes=7-", 206, "789", "bytes 7-9/10"),
                ("bytes=-3", 206, "789", "bytes 7-9/10"), ("bytes=-99", 206, "0123456789", "bytes 0-9/10"),
                ("bytes=5-99", 206, "56789", "bytes 5-9/10"), ("bytes=10-", 416, "", "bytes */10"), ("bytes=-0", 416, "", "bytes */10"),
                ("bytes=99999999999999999999-", 416, "", "bytes */10"),
                // What isn't one range is passed over.
                ("bytes=4-2", 200, "0123456789", nil), ("bytes=0-1,3-4", 200, "0123456789", nil), ("lines=1-2", 200, "0123456789", nil),
                ("bytes=a-b", 200, "0123456789", nil), ("bytes=-", 200, "0123456789", nil), ("bytes", 200, "0123456789", nil),
            ]
            for (range, status, body, position) in cases {
                let answer = try await host.send("GET", target, headers: ["range": range])
                #expect(answer.status == status, "\(range)")
                #expect(answer.headers["content-range"] == position, "\(range)")
                if status < 400 { #expect(answer.text == body, "\(range)") }
            }
            #expect(try await host.send("GET", target, headers: ["range": "bytes=0-0", "if-range": etag]).status == 206)
            #expect(try await host.send("GET", target, headers: ["range": "bytes=0-0", "if-range": "\"other\""]).text == "0123456789")
            #expect(try await host.send("GET", target, headers: ["if-none-match": "\"x\", \(etag)"]).status == 304)
            for (tag, status) in [("\"x\"", 412), ("W/\(etag)", 412), (etag, 200), ("*", 200)] {
                #expect(try await host.send("GET", target, headers: ["if-match": tag]).status == status, "\(tag)")
            }
            #expect(try await host.send("HEAD", target, headers: ["range": "bytes=0-0"]).headers["content-length"] == "10")
            let empty = try await Self.upload(host, [])
            #expect(try await host.send("GET", "/api/files(\(empty))/$value").body == [])
            #expect(try await host.send("GET", "/api/files(\(empty))/$value", headers: ["range": "bytes=0-"]).status == 416)
        }
    }

    @Test("are the value of a record's property")
    func property() async throws {
        try await TestHost.with { host in
            let sample = try await host.create("samples", #"{"title": "S"}"#)
            let target = "/api/samples(\(sample))/photo/$value"
            #expect(try await host.send("GET", target).status == 204)
            let put = try await host.send(
                "PUT", target + "?name=me.png", headers: ["content-type": "image/png", "if-match": "W/\"1\""], bytes: Self.png)
            #expect(put.status == 204, "\(put.text)")
            #expect(put.headers["etag"] == "W/\"2\"")
            #expect(try await host.send("GET", target).body == Self.png)
            let record = try await host.send("GET", "/api/samples(\(sample))?select=photo,photo_id")
            #expect(record.text.contains(#""photo":{"id":""#), "\(record.text)")
            #expect(record.text.contains(#""name":"me.png","media_type":"image/png","size":264}"#), "\(record.text)")
            let late = try await host.send("PUT", target, headers: ["if-match": "W/\"1\""], bytes: Self.png)
            #expect(late.status == 412)
            let missing = try await host.send("PUT", "/api/samples(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)/photo/$value", bytes: Self.png)
            #expect(missing.status == 404)
            // What was read can be sent back, and another record can have the same file.
            let photo = try #require(JSONExtract.member("photo", of: record.body))
            let other = try await host.create("samples", #"{"title": "T", "photo": \#(String(decoding: photo, as: UTF8.self))}"#)
            #expect(try await host.send("GET", "/api/samples(\(other))/photo/$value").body == Self.png)
            #expect(try await host.send("DELETE", target).status == 204)
            #expect(try await host.send("GET", target).status == 204)
            let nobody = try await host.send(
                "POST", "/api/samples", body: #"{"title": "U", "photo_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}"#)
            #expect(nobody.status == 400)
            #expect(nobody.text.contains("records.link_target_missing"))
            let filtered = try await host.send("GET", "/api/samples?filter=photo_id%20ne%20null&select=title")
            #expect(filtered.text.contains(#""title":"T""#))
            #expect(!filtered.text.contains(#""title":"S""#))
        }
    }

    @Test("are bounded, and need a token and a name that is theirs")
    func refusals() async throws {
        var limits = FileLimits()
        limits.size = 1_000
        try await TestHost.with(fileLimits: limits) { host in
            let large = try await host.send("POST", "/api/files", bytes: [UInt8](repeating: 1, count: 1_001))
            #expect(large.status == 413)
            #expect(large.text.contains("files.too_large"))
            #expect(try await host.send("POST", "/api/files", bytes: [UInt8](repeating: 1, count: 200_000)).status == 413)
            #expect(try await host.send("POST", "/api/files", headers: ["authorization": ""], bytes: [1]).status == 401)
            for (method, target, status) in [
                ("GET", "/api/files", 405), ("GET", "/api/files(1)", 400), ("GET", "/api/files(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)", 404),
                ("GET", "/api/files(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)/$value", 404),
                ("GET", "/api/files(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)/name", 404), ("GET", "/api/samples?name=x", 400),
            ] {
                #expect(try await host.send(method, target).status == status, "\(method) \(target)")
            }
            #expect(TestFolder.files(in: host.files.contents.location) == [])
        }
    }

    @Test("are in the documents of the deployment")
    func documents() async throws {
        try await TestHost.with { host in
            let openAPI = try await host.send("GET", "/api/openapi.json").text
            for path in [#""/files":"#, #""/files({id})/$value":"#, #""/samples({id})/photo/$value":"#, #""tessera.file":"#] {
                #expect(openAPI.contains(path), "\(path)")
            }
            let metadata = try await host.send("GET", "/api/$metadata").text
            #expect(metadata.contains(#"<ComplexType Name="file">"#))
            #expect(metadata.contains(#"<Property Name="photo" Type="tessera.file""#), "\(metadata)")
        }
    }
}
