/// The rows of workbooks that are in memory: for small ones, such as uploads that were received whole.
package enum XLSXSheets {
    /// Of the first sheet.
    package static func rows(ofWorkbook bytes: [UInt8], limits: XLSXLimits = XLSXLimits()) throws(XLSXError) -> [TableRow] {
        let archive = try ZipArchive(bytes: bytes, limits: limits)
        let workbook = try Workbook(archive, limits: limits)
        guard let first = workbook.sheets.first, let part = try archive.part(first.part) else {
            throw XLSXError("the workbook has no sheet")
        }
        let sheet = SheetReader(workbook: workbook, limits: limits)
        try XMLEvents.read(part, sheet)
        return rows(sheet)
    }

    /// Of the XML of a sheet alone, whose texts and styles stand in the same document.
    package static func rows(ofSheet xml: [UInt8], limits: XLSXLimits = XLSXLimits()) throws(XLSXError) -> [TableRow] {
        let styles = StyleTable()
        let shared = SharedStrings(limits: limits)
        for handler in [styles, shared] as [any XMLEventHandler] {
            let events = XMLEvents(part: "the sheet", handler: handler)
            try events.read(xml)
        }
        let sheet = SheetReader(workbook: Workbook(styles: styles.cells, shared: shared), limits: limits)
        let events = XMLEvents(part: "the sheet", handler: sheet)
        if !xml.isEmpty { try events.read(xml) }
        try events.read([])
        return rows(sheet)
    }

    private static func rows(_ sheet: SheetReader) -> [TableRow] {
        var rows: [TableRow] = []
        while let row = sheet.next() { rows.append(row) }
        return rows
    }
}
