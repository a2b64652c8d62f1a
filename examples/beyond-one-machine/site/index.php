<?php
header("Content-Type: text/plain");
echo "the blog at ", $_SERVER["PATH_INFO"] ?? "/", ", on PHP-FPM\n";
