# SPDX-License-Identifier: Apache-2.0
"""An agent's HTTP side: sandboxes are served, and nothing but sandboxes."""

import http.client
import json
import os
import sys
import unittest
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import ClusterTest  # noqa: E402


class FilesTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.work = self.folder / "work"
        self.start_dev("--resources", "cpus:1;mem:256", "--work-dir", str(self.work))
        self.port = self.list("agents")[0]["port"]
        done = self.run_task("--", "sh", "-c", """
            echo hello; mkdir sub; echo below > sub/file; mkfifo pipe; ln -s /etc/passwd out
            ln -s file sub/inside; ln -s /etc etc; ln -s . self""")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.sandbox = self.list("tasks")[0]["sandbox"]

    def ask(self, path, token=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        token = self.access()["token"] if token is None else token
        connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, response.getheader("Content-Type"), body

    def file(self, path, **more):
        return self.ask("/v1/files?" + urllib.parse.urlencode({"path": path, **more}))

    def check_refused(self, path, status, why):
        got, kind, body = self.file(path)
        self.assertEqual((got, kind), (status, "application/json"), body)
        error = json.loads(body)["error"]
        self.assertIn(why, error["why"])
        self.assertTrue(error["todo"])

    def test_files_of_a_sandbox_are_served(self):
        self.assertEqual(self.file(self.sandbox + "/stdout"),
                         (200, "application/octet-stream", b"hello\n"))
        self.assertEqual(self.file(self.sandbox + "/sub/file")[2], b"below\n")
        self.assertEqual(self.file(self.sandbox + "/stdout", offset=2)[2], b"llo\n")
        self.assertEqual(self.file(self.sandbox + "/stdout", offset=6)[::2], (200, b""))
        self.assertEqual(self.file(self.sandbox + "/stdout", offset=10**15)[::2], (200, b""))

    def test_a_large_file_comes_in_pieces(self):
        data = os.urandom(2 * 1024 * 1024 + 5)
        (Path(self.sandbox) / "large").write_bytes(data)
        pieces, offset = [], 0
        while True:
            status, _, piece = self.file(self.sandbox + "/large", offset=offset)
            self.assertEqual(status, 200)
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
        self.assertEqual([len(piece) for piece in pieces], [1024 * 1024, 1024 * 1024, 5])
        self.assertTrue(b"".join(pieces) == data)

    def test_links_are_not_followed(self):
        for path in ("/out", "/sub/inside", "/etc/passwd", "/self/stdout"):
            with self.subTest(path=path):
                self.check_refused(self.sandbox + path, 403, "link")

    def test_nothing_outside_is_served(self):
        token = str(self.work / "token")
        for path in ("/etc/passwd", token, self.sandbox + "/../../../../../../token", "stdout", "",
                     "/", self.sandbox + "//stdout", self.sandbox + "/./stdout"):
            with self.subTest(path=path):
                self.assertEqual(self.file(path)[0], 403)

    def test_what_is_no_file_is_refused_at_once(self):
        self.check_refused(self.sandbox + "/pipe", 400, "not a regular file")
        self.check_refused(self.sandbox + "/sub", 400, "not a regular file")
        self.check_refused(self.sandbox + "/none", 404, "no such file")
        self.check_refused(self.sandbox + "/stdout/x", 404, "no such file")

    def test_bad_queries_are_refused(self):
        for query in ("", "offset=1", "path=x&offset=-1", "path=x&offset=1x", "path=x&offset=",
                      "path=x&colour=red", "path=x&offset=99999999999999999999999"):
            with self.subTest(query=query):
                status, _, body = self.ask("/v1/files?" + query)
                self.assertEqual(status, 400)
                self.assertTrue(json.loads(body)["error"]["why"])

    def test_without_the_token_nothing_is_told(self):
        for path in ("/v1/agent", "/metrics", "/v1/files?path=" + self.sandbox + "/stdout"):
            status, _, body = self.ask(path, token="wrong")
            self.assertEqual(status, 401)
            self.assertNotIn(b"hello", body)
        self.assertEqual(self.ask("/healthz", token="")[::2], (200, b"ok\n"))

    def test_the_agent_tells_of_itself(self):
        status, _, body = self.ask("/v1/agent")
        self.assertEqual(status, 200)
        document = json.loads(body)
        self.assertEqual(document["schema_version"], 1)
        self.assertEqual(document["agent"]["id"], self.list("agents")[0]["id"])
        self.assertEqual(document["agent"]["resources"]["cpus"], 1)
        text = self.ask("/metrics")[2].decode()
        self.assertIn("offerkit_agent_tasks_seen_total 1\n", text)
        self.assertEqual(self.ask("/v1/none")[0], 404)
        self.assertEqual(self.ask("/v1/agent", method="DELETE")[0], 400)


if __name__ == "__main__":
    unittest.main()
