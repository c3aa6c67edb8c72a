import Foundation
import Testing

extension ProductTests {
    @Suite("Files in and out on the command line")
    struct Transfer {
        @Test("cards come in by what they hold, go out as cards and as a workbook, and come back unchanged")
        func cardsAndWorkbooks() throws {
            let folder = try DataFolder()
            let server = try RunningServer(folder)
            let cards = try folder.file(
                "book.txt",
                "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace;Ada;;;\r\nFN:Ada Lovelace\r\nORG:Analytical Engines;Programs\r\nTEL;TYPE=CELL:+1 415 555 2671\r\n"
                    + "X-SHOE-SIZE:38\r\nEND:VCARD\r\nBEGIN:VCARD\r\nno property\r\nEND:VCARD\r\n")
            let first = try folder.tessera("import", "people", cards, "--create-links")
            #expect(first.code == 2, "\(first.errors)")
            #expect(first.output.hasPrefix("1 created, 0 updated, 0 unchanged, 1 failed\n"))
            #expect(first.errors.contains("X-SHOE-SIZE  is left out"))
            let failed = try folder.text("book.txt.failed.vcf")
            #expect(failed.hasPrefix("BEGIN:VCARD\r\nno property\r\nX-IMPORT-ERROR:line 10: This is no property"))
            let people = try server.http.get("/api/people?expand=organisation(select=name)").items
            #expect(people.map { $0["department"] as? String } == ["Programs"])
            #expect((people.first?["organisation"] as? [String: Any])?["name"] as? String == "Analytical Engines")

            let card = try folder.tessera("export", "people", "--format", "vcard")
            #expect(card.output.contains("VERSION:4.0\r\nFN:Ada Lovelace\r\nN:Lovelace;Ada;;;\r\n"), "\(card.output)\(card.errors)")
            #expect(card.output.contains("TEL;TYPE=cell;PREF=1:+1 415 555 2671\r\n"))
            let shown = "people?$select=first_name,last_name,phones,department,organisation_id&$expand=affiliations"
            let before = try folder.tessera("export", shown)
            let workbook = "\(folder.path)/people.xlsx"
            #expect(try folder.tessera("export", "people", "--format", "xlsx", "--file", workbook).code == 0)
            let again = try folder.tessera("import", "people", workbook, "--match", "id", "--output", "json")
            #expect(again.code == 0 && again.output.hasPrefix("{\"created\": 0, "), "\(again.output)\(again.errors)")
            #expect(try folder.tessera("export", shown).output == before.output && before.output.contains("+1 415 555 2671"))
            // Of many columns that fill nothing the first are named; a row without any value is none.
            let strange = (1...30).map { "zzq\($0)" }.joined(separator: ",")
            let wide = try folder.file("wide.csv", "Last name,,\(strange)\nBerg\n,,,,\n")
            let sums = try folder.tessera("import", "people", wide, "--dry-run")
            #expect(sums.code == 0 && sums.output.hasSuffix("1 would be created, 0 would be updated, 0 unchanged, 0 failed\n"))
            #expect(sums.errors.contains("  zzq20  is left out\n  10 more columns: left out\n  1 column without a name: left out\n"))
            #expect(sums.errors.contains("1 row without any value is left out\n"))
            let wrong = try folder.tessera("export", "people", "--format", "pdf")
            #expect(wrong.code == 64)
            #expect(wrong.errors.contains("--format takes csv, xlsx, vcard, vcard-3.0, vcard-2.1, not 'pdf'"))
        }
    }
}
