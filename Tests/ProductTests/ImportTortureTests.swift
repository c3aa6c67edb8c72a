import Foundation
import Glibc
import TestRandom
import Testing

extension ProductTests {
    /// 20,000 rows in `make test`; `make torture-import` sets TESSERA_TORTURE_ROWS to a million.
    @Suite("Imports that are killed at random")
    struct ImportTortureTests {
        private static let rows = ProcessInfo.processInfo.environment["TESSERA_TORTURE_ROWS"].flatMap { Int($0) } ?? 20_000

        @Test("killed three times at random and given again, an import leaves what one leaves that ran through")
        func equal() throws {
            let seed = ProcessInfo.processInfo.environment["TESSERA_TORTURE_SEED"].flatMap { UInt64($0) } ?? .random(in: .min ... .max)
            var random = SeededGenerator(seed: seed)
            let whole = try TorturedImport(rows: Self.rows)
            let through = try whole.run()
            #expect(through.code == 2 && through.report["failed"] == whole.wrongRows, "\(through.errors)")
            let left = try whole.left()

            let killed = try TorturedImport(rows: Self.rows)
            var kills: [Double] = []
            for share in (0..<3).map({ _ in Double.random(in: 0.02...0.9, using: &random) }).sorted() {
                if try killed.run(killedAt: share) { kills.append(share) }
            }
            let last = try killed.run()
            #expect(last.code == 2 && last.report == through.report, "seed \(seed): \(last.errors)")
            #expect(kills.count == 3 && last.errors.contains("going on after"), "seed \(seed): \(last.errors)")
            #expect(try killed.left() == left, "seed \(seed)")
            #expect(try killed.failedRows() == whole.failedRows(), "seed \(seed)")
            print(
                "torture: \(Self.rows) rows, killed at \(kills.map { "\(Int($0 * 100)) %" }.joined(separator: ", ")), seed \(seed): "
                    + "\(last.report.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")); equal to the "
                    + "uninterrupted import (\(Int(Double(Self.rows) / through.seconds)) rows/s)")
        }
    }
}

/// An import of made-up people into a folder of its own.
private struct TorturedImport {
    let folder: DataFolder
    let server: RunningServer
    let file: String
    let rows: Int

    struct Ending {
        var code: Int32
        var report: [String: Int]
        var errors: String
        var seconds: Double
    }

    /// Rows that can't be stored: each thousandth has no date.
    var wrongRows: Int { (rows + 499) / 1_000 }

    init(rows: Int) throws {
        self.rows = rows
        folder = try DataFolder()
        server = try RunningServer(folder)
        file = "\(folder.path)/people.csv"
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.write(
            contentsOf: Data("First name,Last name,Job title,Emails,Phones,Birthday,City,Company,reports_to/primary_email\n".utf8))
        for start in stride(from: 0, to: rows, by: 10_000) {
            var text = ""
            for row in start..<min(rows, start + 10_000) {
                let birthday = row % 1_000 == 500 ? "unknown" : "19\(50 + row % 50)-0\(1 + row % 9)-1\(row % 10)"
                // Some report to people further down.
                let chief = row % 400 == 7 ? "P\(min(rows - 1, row + 2_500))@Example.com" : ""
                text += "First\(row),Last,\(row % 7 == 0 ? "Buyer" : "Engineer"),work:p\(row)@example.com; q\(row)@example.org,"
                text += "+47 22 \(100_000 + row % 900_000),\(birthday),Oslo,\(row % 3 == 0 ? "Company \(row % 50)" : ""),\(chief)\n"
            }
            try handle.write(contentsOf: Data(text.utf8))
        }
        try handle.close()
    }

    private var words: [String] {
        [
            "import", "people", file, "--create-links", "--data", folder.data, "--deployment", Program.starter, "--output", "json",
        ]
    }

    func run() throws -> Ending {
        let start = ContinuousClock.now
        let outcome = try Program.run(words)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
        var counts: [String: Int] = [:]
        for name in ["created", "updated", "unchanged", "failed"] { counts[name] = report[name] as? Int }
        return Ending(code: outcome.code, report: counts, errors: outcome.errors, seconds: seconds)
    }

    /// Kills it when so much of it is in; false when it had ended before.
    func run(killedAt share: Double) throws -> Bool {
        let output = try Program.temporaryFile()
        defer { close(output) }
        let pid = try Program.spawn(Program.path, words, environment: [:], output: output, errors: output)
        var information = siginfo_t()
        repeat {
            // What is in says when; asking the server costs the import little.
            poll(nil, 0, Int32(max(5, rows / 2_000)))
            information.si_signo = 0
            waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        } while try Double(count()) < share * Double(rows) && information.si_signo != SIGCHLD
        kill(pid, SIGKILL)
        return Program.wait(pid) == 128 + SIGKILL
    }

    private func count() throws -> Int { Int(try server.http.get("/api/people/$count?count_mode=exact").text) ?? 0 }

    /// Everything that the import left but ids and times: records, lists, links, versions, changes, events.
    func left() throws -> [String] {
        try folder.query(
            """
            WITH event AS (
                SELECT record_id, version, action FROM tessera.outbox
                UNION ALL SELECT record_id, version, left(split_part(topic, '.', -1), -1) FROM tessera.event),
            person AS (
                SELECT p.first_name, concat_ws('|', p.first_name, p.last_name, p.job_title, p.birthday, p.address_city, p.primary_email,
                    p.primary_phone, p.version, o.name, c.first_name,
                    (SELECT string_agg(concat_ws('/', e.address, e.normalised, e.kind, e.is_primary), ',' ORDER BY e.position)
                        FROM contacts.person__emails e WHERE e.record_id = p.id),
                    (SELECT string_agg(concat_ws('/', t.number, t.normalised, t.is_primary), ',' ORDER BY t.position)
                        FROM contacts.person__phones t WHERE t.record_id = p.id),
                    (SELECT string_agg(concat_ws('/', a.is_primary, a.inactive), ',') FROM contacts.person__affiliations a
                        WHERE a.source_id = p.id AND a.target_id = p.organisation_id),
                    x.versions, y.events) AS text
                FROM contacts.person p LEFT JOIN contacts.organisation o ON o.id = p.organisation_id
                LEFT JOIN contacts.person c ON c.id = p.reports_to_id
                LEFT JOIN (SELECT record_id, string_agg(version || '/' || action, ',' ORDER BY version) AS versions FROM tessera.change GROUP BY 1) x
                    ON x.record_id = p.id
                LEFT JOIN (SELECT record_id, string_agg(version || '/' || action, ',' ORDER BY version) AS events FROM event GROUP BY 1) y
                    ON y.record_id = p.id)
            SELECT count(*) || ' ' || md5(string_agg(text, ',' ORDER BY first_name)) FROM person
            UNION ALL SELECT count(*) || ' ' || md5(string_agg(name || version, ',' ORDER BY name)) FROM contacts.organisation
            UNION ALL SELECT count(*) || ' changes' FROM tessera.change
            UNION ALL SELECT count(*) || ' events' FROM event
            UNION ALL SELECT count(*) || ' change sets ' || min(state) FROM tessera.change_set
            UNION ALL SELECT count(*) || ' imports ' || min(state) FROM tessera.import
            UNION ALL SELECT count(*) || ' steps' FROM tessera.work_step
            """)
    }

    func failedRows() throws -> String { try folder.text("people.csv.failed.csv") }
}
