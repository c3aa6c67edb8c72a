import Catalog
import Glibc
import Logging
import NIOCore
import Permissions
import Postgres
import QueryLanguage
import Records
import TestKernel
import TestPostgres
import Testing

@testable import Files

@Suite("The file store")
struct FileStoreTests {
    struct Lab: Sendable {
        let lab: TestStore
        let folder: String
        let files: FileStore

        func keep(_ text: String, name: String = "a.txt", access: Access = .test) async throws -> StoredFile {
            let file = try await files.receive()
            try await file.write(ByteBuffer(string: text))
            return try await files.keep(file, name: name, claimed: nil, access: access)
        }

        func read(_ file: StoredFile) async throws -> String {
            let collected = Collected()
            try await files.read(file, 0..<file.size) { await collected.add($0) }
            return await collected.text
        }

        /// Moves what the database knows of time into the past.
        func age() async throws {
            _ = try await lab.client.query("UPDATE tessera.file SET unreferenced_since = unreferenced_since - interval '30 days'")
            _ = try await lab.client.query("UPDATE tessera.content SET used_at = used_at - interval '30 days'")
        }

        func sample(_ photo: GUID) async throws -> WriteOutcome {
            let input = RecordInput(["title": .string("S"), "photo_id": .guid(photo)])
            return try #require(try await lab.store.create(lab.type("samples"), [input], options: .single, access: .test).first)
        }
    }

    actor Collected {
        var text = ""
        func add(_ piece: ByteBuffer) { text += String(buffer: piece) }
    }

    static func with(_ limits: FileLimits = FileLimits(), _ body: @Sendable (Lab) async throws -> Void) async throws {
        let folder = try TestFolder.make()
        defer { TestFolder.remove(folder) }
        try await TestStore.with { lab in
            let store = FolderStore(folder: folder)
            let files = FileStore(
                records: lab.store, contents: store, staging: store.staging, limits: limits,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await body(Lab(lab: lab, folder: folder, files: files))
        }
    }

    @Test("keeps equal contents once, under their digest, and gives them back")
    func keeping() async throws {
        try await Self.with { lab in
            let first = try await lab.keep("hello", name: "../a.txt")
            let second = try await lab.keep("hello", name: "b.csv")
            #expect(first.name == "a.txt")
            #expect(first.mediaType == "text/plain")
            #expect(second.mediaType == "text/csv")
            #expect(first.size == 5)
            // sha256sum of "hello".
            #expect(first.digest.hex == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
            #expect(first.id != second.id)
            #expect(first.digest == second.digest)
            #expect(TestFolder.files(in: lab.folder) == ["2c/\(first.digest.hex)"])
            #expect(try await lab.read(second) == "hello")
            #expect(try await lab.keep("").size == 0)
        }
    }

    @Test("takes no more than the limit, and leaves nothing of what it refuses")
    func limit() async throws {
        var limits = FileLimits()
        limits.size = 5
        try await Self.with(limits) { lab in
            _ = try await lab.keep("12345")
            let before = TestFolder.files(in: lab.folder)
            let error = await #expect(throws: FilesError.self) { _ = try await lab.keep("123456") }
            #expect(error?.code == .tooLarge)
            // Broken off by its sender.
            do {
                let file = try await lab.files.receive()
                try await file.write(ByteBuffer(string: "123"))
            }
            // Its last reference may go on another thread.
            try await waitWhile { TestFolder.files(in: lab.folder) != before }
        }
    }

    @Test("shows a file to its uploader until a record refers to it, then to the readers of the record")
    func access() async throws {
        try await Self.with { lab in
            let other = GUID.version7()
            _ = try await lab.lab.client.query(
                "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(high: other.high, low: other.low)), 'user', 'Other')"
            )
            let theirs = Access(principal: other, channel: .api, rights: .unlimited)
            let file = try await lab.keep("secret")
            #expect(try await lab.files.file(file.id, access: .test) == file)
            #expect(try await lab.files.file(file.id, access: theirs) == nil)
            // Nobody gets at a file by referring to it.
            let input = RecordInput(["title": .string("S"), "photo_id": .guid(file.id)])
            let stolen = try await lab.lab.store.create(lab.lab.type("samples"), [input], options: .single, access: theirs)
            guard case .failed(let error)? = stolen.first else {
                Issue.record("a file that can't be read was referred to")
                return
            }
            #expect(error.details.first?.code == "records.link_target_missing" || error.code.description == "records.link_target_missing")
            guard case .created = try await lab.sample(file.id) else {
                Issue.record("the uploader may refer to the file")
                return
            }
            #expect(try await lab.files.file(file.id, access: theirs) == file)
        }
    }

    @Test("collects what no record refers to after the grace time, and never what one does")
    func collecting() async throws {
        try await Self.with { lab in
            let kept = try await lab.keep("kept")
            let lost = try await lab.keep("lost")
            let twin = try await lab.keep("kept", name: "twin.txt")
            guard case .created(let id, _) = try await lab.sample(kept.id) else { return }
            #expect(try await lab.files.sweep() == FileSweep())
            try await lab.age()
            let sweep = try await lab.files.sweep()
            #expect(sweep.collectedFiles == 2)
            // The twin's content is still the kept file's.
            #expect(sweep.collectedContents == 1)
            #expect(TestFolder.files(in: lab.folder) == ["\(kept.digest.hex.prefix(2))/\(kept.digest.hex)"])
            #expect(try await lab.files.file(lost.id, access: .test) == nil)
            #expect(try await lab.files.file(twin.id, access: .test) == nil)
            #expect(try await lab.read(kept) == "kept")
            // A deleted record can be restored, so that its file stays.
            let reference = RecordReference(key: .id(id), expectedVersion: nil)
            _ = try await lab.lab.store.delete(lab.lab.type("samples"), [reference], options: .single, access: .test)
            try await lab.age()
            #expect(try await lab.files.sweep().collectedFiles == 0)
            _ = try await lab.lab.store.purge(lab.lab.type("samples"), [reference], options: .single, access: .test)
            // The grace time begins when the sweep first sees that nothing refers to it.
            #expect(try await lab.files.sweep().marked == 1)
            #expect(try await lab.files.sweep().collectedFiles == 0)
            try await lab.age()
            #expect(try await lab.files.sweep().collectedFiles == 1)
            #expect(TestFolder.files(in: lab.folder) == [])
            // What was collected can be sent again.
            #expect(try await lab.read(lab.keep("kept")) == "kept")
        }
    }

    @Test("goes on in bounded rounds until nothing is left")
    func rounds() async throws {
        try await Self.with { lab in
            for number in 0..<7 { _ = try await lab.keep("content \(number)") }
            try await lab.age()
            var rounds: [FileSweep] = []
            try await lab.files.sweepAll(batch: 3) { rounds.append($0) }
            #expect(rounds.map(\.collectedFiles) == [3, 3, 1] && rounds.map(\.isCut) == [true, true, false])
            #expect(TestFolder.files(in: lab.folder) == [])
            // Stopped, it begins no further round.
            let stopped = Task { try await lab.files.sweepAll(batch: 3) { _ in Issue.record("a round was begun") } }
            stopped.cancel()
            await #expect(throws: CancellationError.self) { try await stopped.value }
        }
    }

    @Test("never loses a file to a sweep that races with uploads and references")
    func race() async throws {
        var limits = FileLimits()
        limits.grace = .seconds(-86_400)
        try await Self.with(limits) { lab in
            let contents = (0..<4).map { "content \($0)" }
            let referred = try await withThrowingTaskGroup(of: [StoredFile].self) { group in
                group.addTask {
                    for _ in 0..<40 {
                        _ = try await lab.lab.client.query("UPDATE tessera.content SET used_at = used_at - interval '30 days'")
                        _ = try await lab.files.sweep()
                    }
                    return []
                }
                for text in contents {
                    group.addTask {
                        var referred: [StoredFile] = []
                        for _ in 0..<15 {
                            do {
                                let file = try await lab.keep(text)
                                if case .created = try await lab.sample(file.id) { referred.append(file) }
                            } catch let error as RecordsError where error.code == .unavailable {
                                // Its content was taken in the moment of its upload, since this test makes all contents old at once.
                                continue
                            }
                        }
                        return referred
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(!referred.isEmpty)
            for file in referred {
                #expect(try await lab.files.file(file.id, access: .test) == file)
                #expect(try await lab.read(file).hasPrefix("content"))
            }
            #expect(try await lab.files.check(reading: true).problems == [])
        }
    }

    @Test("notices contents that are missing or damaged")
    func checking() async throws {
        try await Self.with { lab in
            let good = try await lab.keep("good")
            let flipped = try await lab.keep("flip")
            let cut = try await lab.keep("cut off")
            let gone = try await lab.keep("gone")
            #expect(try await lab.files.check(reading: true).problems == [])
            let store = FolderStore(folder: lab.folder)
            for (file, text) in [(flipped, "flop"), (cut, "cut")] {
                let handle = try #require(fopen(store.path(of: file.digest), "w"))
                fputs(text, handle)
                fclose(handle)
            }
            unlink(store.path(of: gone.digest))
            let quick = try await lab.files.check(reading: false)
            #expect(quick.contents == 4)
            #expect(Set(quick.problems) == [.init(digest: cut.digest, kind: .damaged), .init(digest: gone.digest, kind: .missing)])
            let full = try await lab.files.check(reading: true).problems
            #expect(Set(full).subtracting(quick.problems) == [.init(digest: flipped.digest, kind: .damaged)])
            let error = await #expect(throws: FilesError.self) { _ = try await lab.read(gone) }
            #expect(error?.code == .contentMissing)
            #expect(try await lab.read(good) == "good")
            // Whoever sends it again mends it.
            _ = try await lab.keep("gone")
            _ = try await lab.keep("cut off")
            #expect(try await lab.files.check(reading: false).problems == [])
        }
    }

    @Test("removes staged files that nobody works on any more")
    func abandoned() async throws {
        let folder = try TestFolder.make()
        defer { TestFolder.remove(folder) }
        let staging = ContentStaging(folder: folder)
        let late = Int(time(nil)) + ContentStaging.lifetime + 60
        do {
            // What is worked on stays, however long that takes: while it arrives, and when it is whole.
            let arriving = try await staging.begin(limit: 10)
            #expect(try await staging.removeAbandoned(now: late) == 0)
            let whole = try await arriving.finish()
            #expect(try await staging.removeAbandoned(now: late) == 0)
            #expect(TestFolder.files(in: folder).count == 1)
            withExtendedLifetime(whole) {}
        }
        // Its last reference may go on another thread.
        try await waitWhile { TestFolder.files(in: folder) != [] }
        // A server that was killed holds nothing any more.
        let left = open("\(folder)/left", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        close(left)
        #expect(try await staging.removeAbandoned(now: Int(time(nil)) + 60) == 0)
        #expect(try await staging.removeAbandoned(now: late) == 1)
        #expect(TestFolder.files(in: folder) == [])
    }
}
